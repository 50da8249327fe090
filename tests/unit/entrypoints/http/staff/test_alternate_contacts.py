"""Whom else to call about a patient: whoever cannot reach them sees it, as the order says it."""

from __future__ import annotations

from tests.in_memory import REFERRAL, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import of_order

SISTER: Json = {
    "resourceType": "RelatedPerson",
    "id": "sister",
    "patient": {"reference": "#pat"},
    "relationship": [{"coding": [{"code": "SIS"}]}],
    "name": [{"text": "Ada Whitlock"}],
    "telecom": [{"system": "phone", "value": "508-555-0177"}],
}


def shown(*also: Json, **patient: object) -> Json:
    api = ApiClient(World())
    of_order(an_order(contained=[a_patient(**patient), a_coverage(), *also]), api.world)
    reply = api.call("GET", f"/referrals/{REFERRAL}")
    assert reply.status == 200, reply.body
    found: Json = reply.body["patient"]
    return found


def test_a_contact_of_the_patient_is_shown_to_who_calls() -> None:
    contact = {
        "name": {"text": "Ben Whitlock"},
        "telecom": [{"system": "phone", "value": "508-555-0188"}],
    }
    (alternate,) = shown(contact=[contact])["alternates"]
    assert alternate == {"name": "Ben Whitlock", "phone": "+15085550188"}


def test_so_is_a_related_person_that_came_along() -> None:
    (alternate,) = shown(SISTER)["alternates"]
    assert (alternate["name"], alternate["relationship"]) == ("Ada Whitlock", "SIS")
    assert alternate["phone"] == "+15085550177"


def test_of_a_child_it_is_said_that_the_number_is_anothers() -> None:
    mother = {"telecom": [{"system": "phone", "value": "508-555-0188"}]}
    patient = shown(contact=[mother], birthDate="2020-01-01", telecom=[])
    assert (patient["phone"], patient["throughContact"]) == ("+15085550188", True)


def test_without_any_there_are_none() -> None:
    patient = shown()
    assert (patient["alternates"], patient["throughContact"]) == ([], False)
