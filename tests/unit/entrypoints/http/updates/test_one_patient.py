"""One referral is about one patient: no number and no new version makes it another's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import PLACER, Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

MRN = "https://ehr.example.org/mrn"
SHARED: Json = {"system": "urn:group", "value": "G-1", "type": {"coding": [{"code": "PGN"}]}}


def of(mrn: str, *identifiers: Json, **fields: Any) -> Json:
    """An order of a patient who shares name and birth date with all others here."""
    patient = a_patient(identifier=[{"system": MRN, "value": mrn}])
    return an_order(
        contained=[patient, a_coverage()],
        identifier=list(identifiers),
        performerType=DERMATOLOGY,
        code={"text": f"Consultation of {mrn}"},
        **fields,
    )


def number_of(assigner: str | None) -> Json:
    by = {"assigner": {"display": assigner}} if assigner else {}
    return {"type": {"coding": [{"code": "PLAC"}]}, "value": "88888888", **by}


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(World(), settled=False)


def post(api: ApiClient, order: Json, **headers: str) -> Reply:
    return api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1", **headers)


def put(api: ApiClient, stored: Reply, order: Json, **headers: str) -> Reply:
    own_id = stored.body["id"]
    url = f"/fhir/ServiceRequest/{own_id}"
    return api.call("PUT", url, {**order, "id": own_id}, client="ehr-1", **headers)


def find(api: ApiClient, token: str) -> list[str]:
    found = api.call("GET", f"/fhir/ServiceRequest?identifier={token}").body
    return [entry["resource"]["id"] for entry in found.get("entry", [])]


@pytest.mark.parametrize("assigners", [("Clinic A", "Clinic B"), (None, None), ("Clinic A", None)])
def test_a_number_without_system_is_its_assigners(
    api: ApiClient, assigners: tuple[str | None, str | None]
) -> None:
    first, second = (
        post(api, of(mrn, number_of(assigner)))
        for mrn, assigner in zip(("H-18", "H-19"), assigners, strict=True)
    )
    assert (first.status, second.status) == (201, 201)
    assert first.body["id"] != second.body["id"]
    assert find(api, "|88888888") == sorted([first.body["id"], second.body["id"]])


@pytest.mark.parametrize("number", [PLACER, number_of("Clinic A")])
def test_a_number_of_another_patients_order_is_refused_without_advice(
    api: ApiClient, number: Json
) -> None:
    stored = post(api, of("H-18", number))
    assert post(api, of("H-18", number)).status == 200
    refused = post(api, of("H-19", number))
    assert (refused.status, refused.code) == (409, "key-of-another-patient")
    assert "PUT" not in refused.says
    assert stored.body["id"] not in refused.says
    # The same patient's order is changed by PUT, and the sender learns how.
    changed = post(api, of("H-18", number, priority="urgent"))
    assert (changed.status, changed.code) == (409, "key-reused")
    assert f"PUT ServiceRequest/{stored.body['id']}" in changed.says


def test_a_clients_key_of_another_patients_order_is_refused_without_advice(api: ApiClient) -> None:
    post(api, of("H-18"), idempotency_key="k1")
    refused = post(api, of("H-19"), idempotency_key="k1")
    assert (refused.status, refused.code) == (409, "key-of-another-patient")


@pytest.mark.parametrize("number", [PLACER, number_of("Clinic A")])
def test_a_version_about_another_patient_is_refused(api: ApiClient, number: Json) -> None:
    stored = post(api, of("H-18", number))
    refused = put(api, stored, of("H-19", number))
    assert (refused.status, refused.code) == (422, "another-patient")
    read = api.call("GET", f"/fhir/ServiceRequest/{stored.body['id']}")
    assert read.body["code"]["text"] == "Consultation of H-18"


def test_a_version_keeps_saying_who_the_patient_is(api: ApiClient) -> None:
    stored = post(api, of("H-18", PLACER))
    coverage = a_coverage(beneficiary={"display": "Her"})
    bare = {**of("H-18", PLACER), "contained": [coverage], "subject": {"display": "Her"}}
    refused = put(api, stored, bare)
    assert (refused.status, refused.code) == (422, "subject-unresolved")


def test_two_records_of_the_author_are_two_patients(api: ApiClient) -> None:
    order = {**of("H-18", PLACER), "contained": [a_coverage(beneficiary={"display": "?"})]}
    stored = post(api, {**order, "subject": {"reference": "Patient/1"}})
    assert stored.status == 201
    refused = put(api, stored, {**order, "subject": {"reference": "Patient/2"}})
    assert (refused.status, refused.code) == (422, "another-patient")


def test_every_identifier_of_an_order_is_known(api: ApiClient) -> None:
    second = {"system": "urn:second", "value": "2"}
    stored = post(api, of("H-18", PLACER, second, SHARED))
    own_id = stored.body["id"]
    for token in ("https://ehr.example.org/orders|A-1", "urn:second|2", "urn:group|G-1"):
        assert find(api, token) == [own_id]
        again = post(api, of("H-18", PLACER), if_none_exist=f"identifier={token}")
        assert (again.status, again.body["id"]) == (200, own_id)
        # A condition shows nobody another patient's order.
        other = post(api, of("H-19"), if_none_exist=f"identifier={token}")
        assert (other.status, other.code) == (409, "key-of-another-patient")
    # Sent under its other number alone it is the same order; a group is shared by several.
    assert post(api, of("H-18", second)).status == 409
    assert post(api, of("H-18", SHARED, priority="urgent")).status == 201
    several = post(api, of("H-18"), if_none_exist="identifier=urn:group|G-1")
    assert (several.status, several.code) == (412, "condition-not-selective")


def test_a_version_brings_its_identifiers(api: ApiClient) -> None:
    added = {"system": "urn:second", "value": "2"}
    stored, other = post(api, of("H-18", PLACER)), post(api, of("H-19", added))
    assert (stored.status, other.status) == (201, 201)
    taken = put(api, stored, of("H-18", PLACER, added))
    assert (taken.status, taken.code) == (409, "number-of-another-order")
    free = {"system": "urn:second", "value": "3"}
    assert put(api, stored, of("H-18", PLACER, free, SHARED)).status == 200
    assert find(api, "urn:second|3") == find(api, "urn:group|G-1") == [stored.body["id"]]
    assert post(api, of("H-19", free)).code == "key-of-another-patient"
