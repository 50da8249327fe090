"""Through whom a child is reached, and what is known of whoever is around a patient."""

from __future__ import annotations

import pytest

from referral_core.domain.orders.clinical_content import PatientContent
from referral_core.domain.orders.relationships import NOT_TO_BE_CALLED
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one

ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
TABLE_0131 = "http://terminology.hl7.org/CodeSystem/v2-0131"


def contact(last: str, *codes: str, text: str | None = None) -> Json:
    relationship: list[Json] = [{"coding": [{"system": TABLE_0131, "code": c}]} for c in codes]
    relationship += [{"text": text}] if text else []
    number = {"system": "phone", "value": f"508-555-01{last}"}
    return {"relationship": relationship, "telecom": [number]}


def a_child(*contacts: Json) -> PatientContent:
    child = a_patient(birthDate="2019-05-05", telecom=[], contact=list(contacts))
    return read_one(an_order(contained=[child, a_coverage()])).clinical.patient


@pytest.mark.parametrize(
    ("contacts", "number"),
    [
        ([contact("41", "C"), contact("42", "MTH")], "+15085550142"),
        ([contact("41", "C"), contact("42", "N", "FTH")], "+15085550142"),
        ([contact("41", "E"), contact("42", "C")], "+15085550142"),
        ([contact("41", text="School nurse's school"), contact("42")], "+15085550142"),
        ([contact("41", "N"), contact("42", "C")], "+15085550141"),
        ([contact("41", "I")], None),
        ([contact("41", text="Teacher")], None),
    ],
)
def test_a_child_is_reached_through_who_speaks_for_it_and_never_through_its_school(
    contacts: list[Json], number: str | None
) -> None:
    patient = a_child(*contacts)
    assert (patient.phone, patient.through_contact) == (number, number is not None)
    assert len(patient.contacts) == len(contacts)


def test_who_is_not_to_be_called_is_known_as_that() -> None:
    patient = a_child(contact("41", "E"), contact("42", "MTH"))
    assert [c.relationship for c in patient.contacts] == [NOT_TO_BE_CALLED, "MTH"]
