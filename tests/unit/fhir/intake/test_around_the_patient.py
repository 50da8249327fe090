"""Through whom a child is reached, and what is known of whoever is around a patient."""

from __future__ import annotations

import pytest

from referral_core.domain.orders.clinical_content import PatientContent
from referral_core.domain.orders.relationships import NOT_TO_BE_CALLED, may_be_called
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


@pytest.mark.parametrize(
    ("system", "code", "display", "called"),
    [
        ("urn:oid:1.2.3.4.5", "S", "Spouse", True),
        ("https://ehr.example.org/relationships", "F", "Father", True),
        ("https://ehr.example.org/relationships", "E", "Emergency contact", True),
        ("https://ehr.example.org/relationships", "E", "Employer", False),
        ("http://terminology.hl7.org/CodeSystem/v2-0131", "S", None, False),
        ("http://hl7.org/fhir/v2/0131", "S", None, False),
        ("urn:oid:2.16.840.1.113883.12.131", "S", None, False),
        (None, "S", None, False),
    ],
)
def test_a_letter_of_an_ehrs_own_is_not_read_as_table_0131(
    system: str | None, code: str, display: str | None, *, called: bool
) -> None:
    coding = {"system": system, "code": code, "display": display}
    one = contact("41")
    one["relationship"] = [{"coding": [{k: v for k, v in coding.items() if v is not None}]}]
    (known,) = a_child(one).contacts
    assert may_be_called(known.relationship) is called
