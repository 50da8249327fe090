"""Who saw the patient before: of the encounters and the care team that come with the order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read_one,
)
from tests.unit.fhir.orders import read as read_all

NPI = "http://hl7.org/fhir/sid/us-npi"
ONE, TWO = "1999900008", "1999900016"


def by_number(npi: str) -> Json:
    return {"identifier": {"system": NPI, "value": npi}}


def a_care_team(*members: Json, **fields: Any) -> Json:
    members_of = {"participant": [{"member": member} for member in members]}
    return {"resourceType": "CareTeam", "id": "team", "status": "active", **members_of, **fields}


def an_encounter(*people: Json, **fields: Any) -> Json:
    took_part = {"participant": [{"individual": who} for who in people]}
    seen = {"resourceType": "Encounter", "id": "enc", "status": "finished"}
    return {**seen, "class": {"code": "AMB"}, **took_part, **fields}


def seen_by(*contained: Json, **fields: Any) -> tuple[str, ...]:
    order = an_order(contained=[a_patient(), a_coverage(), *contained], **fields)
    return read_one(order).clinical.seen_by


def of_team(team: Json, *also: Json) -> tuple[str, ...]:
    return seen_by(team, *also, supportingInfo=[{"reference": "#team"}])


def test_members_of_the_care_team_have_seen_the_patient() -> None:
    assert of_team(a_care_team(by_number(ONE), by_number(TWO), by_number(ONE))) == (ONE, TWO)


def test_a_member_by_role_is_known_by_the_clinicians_own_number() -> None:
    doctor = {
        "resourceType": "Practitioner",
        "id": "doc",
        "identifier": [{"system": NPI, "value": ONE}],
    }
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "#doc"}}
    assert of_team(a_care_team({"reference": "#r"}), role, doctor) == (ONE,)


def test_who_took_part_in_the_encounter_has_seen_the_patient() -> None:
    encounter = an_encounter(by_number(TWO))
    assert seen_by(encounter, encounter={"reference": "#enc"}) == (TWO,)


@pytest.mark.parametrize("status", ["planned", "cancelled", "entered-in-error"])
def test_an_encounter_that_was_not_counts_for_nobody(status: str) -> None:
    encounter = an_encounter(by_number(TWO), status=status)
    assert seen_by(encounter, encounter={"reference": "#enc"}) == ()


def test_a_care_team_that_is_only_proposed_counts_for_nobody() -> None:
    assert of_team(a_care_team(by_number(ONE), status="proposed")) == ()


def test_a_member_without_a_number_is_nobody_whom_the_directory_knows() -> None:
    assert of_team(a_care_team({"display": "Dr. Abel"}, {})) == ()


def test_an_encounter_that_points_at_the_patient_counts_and_another_patients_does_not() -> None:
    order, patient, coverage = bundled_order()
    own = an_encounter(by_number(ONE), subject={"reference": "Patient/pat"})
    other = a_patient(id="other", name=[{"family": "Abbot"}], birthDate="1990-01-01")
    others = an_encounter(by_number(TWO), id="enc2", subject={"reference": "Patient/other"})
    bundle = a_bundle(order, patient, coverage, own, other, others)
    assert [one.clinical.seen_by for one in read_all(bundle)] == [(ONE,)]


def test_an_encounter_of_a_patient_who_was_not_sent_counts_for_nobody() -> None:
    order, patient, coverage = bundled_order()
    others = an_encounter(by_number(TWO), subject={"reference": "Patient/other"})
    (read,) = read_all(a_bundle(order, patient, coverage, others))
    assert read.clinical.seen_by == ()


def test_who_wrote_the_order_is_not_who_goes_on() -> None:
    encounter = an_encounter(by_number(ONE), by_number(TWO), status="in-progress")
    found = seen_by(encounter, encounter={"reference": "#enc"}, requester=by_number(TWO))
    assert found == (ONE,)
