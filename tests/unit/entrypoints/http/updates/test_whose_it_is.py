"""Merged records, several patients or several orders in one resource: whose it is, or refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

MRN = "https://ehr.example.org/mrn"


def numbered(mrn: str, **fields: Any) -> Json:
    return a_patient(identifier=[{"system": MRN, "value": mrn}], **fields)


def order_of(*patients: Json, **fields: Any) -> Json:
    return an_order(
        contained=[*patients, a_coverage()],
        performerType=DERMATOLOGY,
        code={"text": "Consultation"},
        **fields,
    )


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(World())


def posted(api: ApiClient) -> str:
    order = order_of(numbered("H-18"))
    reply = api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1")
    assert reply.status == 201
    return str(reply.body["id"])


def put(api: ApiClient, own_id: str, order: Json) -> Reply:
    url = f"/fhir/ServiceRequest/{own_id}"
    return api.call("PUT", url, {**order, "id": own_id}, client="ehr-1")


def replaced(**other: Any) -> tuple[Json, Json]:
    """The record that was, and the one that took its place."""
    link = [{"type": "replaced-by", "other": {"reference": "#new"}}]
    return numbered("H-18", active=False, link=link), numbered("H-77", id="new", **other)


def test_a_patient_whose_records_were_merged_is_the_same(api: ApiClient) -> None:
    own_id = posted(api)
    assert put(api, own_id, order_of(*replaced())).status == 200
    known = api.world.engine.case(api.world.referrals.load(TENANT, own_id).referral)
    assert {f"{MRN}|H-18", f"{MRN}|H-77"} <= set(known.content.patient.identifiers)
    # From now on either number is this patient's, and no other one.
    assert put(api, own_id, order_of(numbered("H-77"), priority="urgent")).status == 200
    assert put(api, own_id, order_of(numbered("H-19"))).code == "another-patient"


@pytest.mark.parametrize(
    "other", [{"identifier": {"system": MRN, "value": "H-18"}}, {"reference": "#old"}]
)
def test_the_record_that_is_left_may_say_so_itself(api: ApiClient, other: Json) -> None:
    own_id = posted(api)
    left = numbered("H-77", link=[{"type": "replaces", "other": other}])
    old = numbered("H-18", id="old", active=False)
    assert put(api, own_id, order_of(left, old)).status == 200


def test_a_merge_into_somebody_else_is_refused(api: ApiClient) -> None:
    own_id = posted(api)
    somebody = replaced(name=[{"family": "Zed", "given": ["Quill"]}], birthDate="2001-01-01")
    assert put(api, own_id, order_of(*somebody)).code == "replaced-by-another-person"


def visit(api: ApiClient, *participants: Json, **fields: Any) -> Json:
    start = api.world.clock.now() + timedelta(days=7)
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "participant": [{"actor": actor, "status": "accepted"} for actor in participants],
        **fields,
    }


def of_number(mrn: str) -> Json:
    return {"type": "Patient", "identifier": {"system": MRN, "value": mrn}}


def accepted(api: ApiClient) -> str:
    own_id = posted(api)
    task = {
        "resourceType": "Task",
        "id": f"{own_id}.b1",
        "status": "accepted",
        "intent": "order",
        "for": {"identifier": {"system": MRN, "value": "H-18"}},
    }
    assert api.call("PUT", f"/fhir/Task/{own_id}.b1", task, client="clinic-1").status == 200
    return own_id


@pytest.mark.parametrize("named", [("H-18", "H-99"), ("H-99", "H-18")])
def test_a_visit_of_two_patients_is_not_booked_for_one(
    api: ApiClient, named: tuple[str, str]
) -> None:
    based_on = [{"reference": f"ServiceRequest/{accepted(api)}"}]
    both = visit(api, *map(of_number, named), basedOn=based_on)
    refused = api.call("POST", "/fhir/Appointment", both, client="clinic-1")
    assert (refused.status, refused.code) == (422, "another-patient")


PATIENT_1, PATIENT_2 = {"reference": "Patient/1"}, {"reference": "Patient/2"}


@pytest.mark.parametrize(
    "actors",
    [(PATIENT_1, PATIENT_2), (of_number("H-18"), PATIENT_2), (PATIENT_2, of_number("H-18"))],
)
def test_a_visit_of_two_records_is_taken_only_where_both_are_the_patients(
    api: ApiClient, actors: tuple[Json, Json]
) -> None:
    based_on = [{"reference": f"ServiceRequest/{accepted(api)}"}]
    refused = api.call(
        "POST", "/fhir/Appointment", visit(api, *actors, basedOn=based_on), client="clinic-1"
    )
    assert (refused.status, refused.code) == (422, "another-patient")
    for twice in ((PATIENT_1, PATIENT_1), (of_number("H-18"), {**PATIENT_2, **of_number("H-18")})):
        body = visit(api, *twice, basedOn=based_on)
        assert api.call("POST", "/fhir/Appointment", body, client="clinic-1").status == 201


def test_a_visit_of_the_patient_and_a_doctor_is_booked(api: ApiClient) -> None:
    based_on = [{"reference": f"ServiceRequest/{accepted(api)}"}]
    doctor = {"reference": "Practitioner/9", "display": "Dr. Zed"}
    one = visit(api, of_number("H-18"), doctor, basedOn=based_on)
    assert api.call("POST", "/fhir/Appointment", one, client="clinic-1").status == 201


def report(*based_on: str) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "basedOn": [{"reference": one} for one in based_on],
        "presentedForm": [{"contentType": "text/plain", "data": "aGk="}],
    }


def letter(*related: str) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": "aGk="}}],
        "context": {"related": [{"reference": one} for one in related]},
    }


@pytest.mark.parametrize("make", [report, letter])
def test_a_document_of_two_orders_is_not_kept_for_one_only(api: ApiClient, make: Any) -> None:
    own_id, other = accepted(api), "e" * 32
    document = make(f"ServiceRequest/{own_id}", f"ServiceRequest/{other}")
    path = f"/fhir/{document['resourceType']}"
    refused = api.call("POST", path, document, client="clinic-1")
    assert (refused.status, refused.code) == (422, "several-referrals")


@pytest.mark.parametrize("make", [report, letter])
def test_the_clinics_own_order_beside_ours_does_not_hide_it(api: ApiClient, make: Any) -> None:
    own_id = accepted(api)
    of_its_own = "ServiceRequest/9f8b3c52d1e04a7fb6a05c9e2d7f1a34"  # a UUID without its dashes
    document = make("ServiceRequest/local-4711", of_its_own, f"Task/{own_id}.b1")
    path = f"/fhir/{document['resourceType']}"
    assert api.call("POST", path, document, client="clinic-1").status == 201
    assert api.world.referrals.load(TENANT, own_id).referral.reports


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Zed, Quill", 422),
        ("QUILL ZED", 422),
        ("Whitlock, Marjorie", 201),
        ("MARJORIE WHITLOCK", 201),
        ("the patient", 201),
    ],
)
@pytest.mark.parametrize("make", [report, letter])
def test_a_document_whose_subject_is_said_in_words(
    api: ApiClient, make: Any, words: str, status: int
) -> None:
    document = {**make(f"ServiceRequest/{accepted(api)}"), "subject": {"display": words}}
    path = f"/fhir/{document['resourceType']}"
    assert api.call("POST", path, document, client="clinic-1").status == status
