"""A clinic publishes its slots over HTTP, and reads which of them are reserved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.access.principal import Principal
from referral_core.domain.updates import Role
from tests.in_memory import START, TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.directory_writes import ENTRY

NUCC = "http://nucc.org/provider-taxonomy"
FIRST = START.replace(hour=15, minute=0) + timedelta(days=14)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def api() -> ApiClient:
    api = ApiClient(World(), settled=False)
    clinics = [
        Principal(client_id=f"own-{n}", tenant=TENANT, role=Role.CLINIC, organization=f"clinic-{n}")
        for n in (1, 2)
    ]
    directory = api.world.directory
    directory._records = (*directory._records, *clinics)
    return api


@pytest.fixture
def publishing(api: ApiClient) -> ApiClient:
    assert schedule(api).status == 201
    return api


def schedule(api: ApiClient, client: str = "own-1", **fields: Any) -> Reply:
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": ENTRY}
    body = {"resourceType": "Schedule", "actor": [{"identifier": npi}], **fields}
    return api.call("POST", "/fhir/Schedule", body, client=client)


def a_slot(
    start: datetime = FIRST, length: timedelta = HALF_AN_HOUR, **fields: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Slot",
        "schedule": {"reference": f"Schedule/{ENTRY}"},
        "status": "free",
        "start": start.isoformat(),
        "end": (start + length).isoformat(),
        **fields,
    }


def put(api: ApiClient, name: str = "a", client: str = "own-1", **fields: Any) -> Reply:
    own_id, if_match = f"{ENTRY}.{name}", fields.pop("if_match", None)
    headers = {"if_match": if_match} if if_match else {}
    body = {**a_slot(**fields), "id": own_id}
    return api.call("PUT", f"/fhir/Slot/{own_id}", body, client=client, **headers)


def found(api: ApiClient, query: str = "", client: str = "own-1") -> list[str]:
    reply = api.call("GET", f"/fhir/Slot?schedule=Schedule/{ENTRY}{query}", client=client)
    assert reply.status == 200, reply.body
    return [entry["resource"]["id"].partition(".")[2] for entry in reply.body.get("entry", ())]


def places(api: ApiClient) -> dict[str, int]:
    entry = api.call("GET", f"/directory/{ENTRY}", client="own-1").body["entries"][0]
    return {week: count for week, count in entry["places"].items() if count}


def test_what_is_published_are_the_places_and_no_number_beside(publishing: ApiClient) -> None:
    assert places(publishing) == {}
    assert put(publishing).status == 201
    assert put(publishing, "b", start=FIRST + timedelta(hours=1)).status == 201
    assert list(places(publishing).values()) == [2]
    said = {"firstDay": str(FIRST.date()), "places": 5}
    reply = publishing.call("PUT", f"/directory/{ENTRY}/capacity", said, client="own-1")
    assert (reply.status, "slots" in reply.says) == (409, True)


def test_published_again_it_is_the_same_slot(publishing: ApiClient) -> None:
    first, again = put(publishing), put(publishing)
    assert (first.status, again.status, first.body) == (201, 200, again.body)
    posted = [
        publishing.call("POST", "/fhir/Slot", a_slot(FIRST + timedelta(hours=2)), client="own-1")
        for _ in range(2)
    ]
    assert [r.status for r in posted] == [201, 200]
    assert posted[0].body["id"] == posted[1].body["id"]
    assert len(found(publishing)) == 2


def test_if_match_is_honoured(publishing: ApiClient) -> None:
    assert put(publishing, if_match='W/"1"').status == 412
    assert put(publishing, if_match="*").status == 412
    assert put(publishing).status == 201
    assert put(publishing, status="busy", if_match='"7", W/"1"').body["meta"]["versionId"] == "2"
    assert put(publishing, if_match='W/"1"').status == 412
    assert put(publishing, if_match="*").body["meta"]["versionId"] == "3"


def test_slots_are_found_by_status_start_and_id(publishing: ApiClient) -> None:
    put(publishing, "b", start=FIRST + timedelta(days=1), status="busy")
    put(publishing)
    assert found(publishing) == ["a", "b"]
    assert found(publishing, "&status=free") == ["a"]
    assert found(publishing, "&status:not=free") == ["b"]
    assert found(publishing, f"&start=gt{FIRST.date()}") == ["b"]
    assert found(publishing, f"&_id={ENTRY}.b") == ["b"]
    assert publishing.call("GET", f"/fhir/Slot/{ENTRY}.a", client="own-1").body["status"] == "free"
    assert publishing.call("GET", "/fhir/Slot?status=free", client="own-1").status == 400


def test_of_another_clinic_nothing_is_seen_and_nothing_published(publishing: ApiClient) -> None:
    put(publishing)
    assert schedule(publishing, "own-2").status == 404
    assert put(publishing, "c", client="own-2").status == 404
    assert found(publishing, client="own-2") == []
    assert publishing.call("GET", f"/fhir/Slot/{ENTRY}.a", client="own-2").status == 404
    assert publishing.call("GET", f"/fhir/Schedule/{ENTRY}", client="own-2").status == 404
    assert found(publishing) == ["a"]


def test_before_its_schedule_no_slot_is_taken(api: ApiClient) -> None:
    assert put(api).status == 409


def test_a_schedule_that_is_not_active_has_no_slot_until_it_is_again(
    publishing: ApiClient,
) -> None:
    put(publishing)
    put(publishing, "b", start=FIRST + timedelta(hours=1))
    for _ in range(2):
        reply = schedule(publishing, active=False)
        assert (reply.status, reply.body["active"]) == (201, False)
        assert found(publishing, "&status=free") == []
        assert found(publishing, "&status=busy-unavailable") == ["a", "b"]
        assert places(publishing) == {}
    shown = publishing.call("GET", f"/fhir/Schedule/{ENTRY}", client="own-1").body
    assert shown["active"] is False
    # Nothing is published beside it
    refused = put(publishing, "c", start=FIRST + timedelta(hours=2))
    assert (refused.status, "active" in refused.says) == (409, True)
    assert put(publishing, "c", start=FIRST + timedelta(hours=2), status="busy").status == 201
    # Active again, it takes slots as before
    assert schedule(publishing).body["active"] is True
    assert put(publishing).status == 200
    assert list(places(publishing).values()) == [1]


def test_a_schedule_may_be_closed_before_it_is_ever_open(api: ApiClient) -> None:
    assert schedule(api, active=False).body["active"] is False
    assert places(api) == {}
    assert put(api).status == 409


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"start": START - timedelta(hours=2)}, "still to begin"),
        ({"start": START + timedelta(weeks=27)}, "26 weeks"),
        ({"length": timedelta(0)}, "after its start"),
        ({"length": timedelta(days=2)}, "within a day"),
        ({"start": FIRST + timedelta(minutes=29)}, "overlaps"),
        ({"start": FIRST - timedelta(minutes=10)}, "overlaps"),
        ({"overbooked": True}, "busy"),
        ({"appointmentType": {"coding": [{"code": "FOLLOWUP"}]}}, "ROUTINE"),
        ({"serviceType": [{"text": "Skin"}]}, "NUCC"),
        ({"specialty": [{"text": "Skin"}]}, "NUCC"),
        ({"schedule": {"reference": "Schedule/1999999999"}}, "Slot/1999999999."),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    publishing: ApiClient, fields: dict[str, Any], says: str
) -> None:
    put(publishing)
    reply = put(publishing, "other", **{"start": FIRST + timedelta(hours=3), **fields})
    assert (reply.status, says in reply.says) == (422, True), reply.body
    assert found(publishing) == ["a"]


def test_a_slot_keeps_its_time(publishing: ApiClient) -> None:
    put(publishing)
    assert "keeps its time" in put(publishing, start=FIRST + timedelta(days=7)).says
    assert put(publishing, status="entered-in-error").body["status"] == "entered-in-error"
    assert found(publishing) == []
    assert put(publishing, start=FIRST + timedelta(days=7)).status == 201


def published(api: ApiClient, *slots: dict[str, Any]) -> Reply:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": slot} for slot in slots],
    }
    return api.call("POST", f"/fhir/Schedule/{ENTRY}/$publish", bundle, client="own-1")


def test_a_bundle_publishes_all_or_none(publishing: ApiClient) -> None:
    days = [a_slot(FIRST + timedelta(days=n)) for n in range(10)]
    assert published(publishing, *days, a_slot(START - timedelta(days=3))).status == 422
    assert found(publishing) == []
    reply = published(publishing, *days)
    assert {one["response"]["status"] for one in reply.body["entry"]} == {"201 Created"}
    assert len(found(publishing)) == 10
    assert sum(places(publishing).values()) == 10
    again = published(publishing, *days)
    assert {one["response"]["status"] for one in again.body["entry"]} == {"200 OK"}
    assert published(publishing).status == 422
    minutes = [
        a_slot(FIRST + timedelta(days=20, minutes=n), timedelta(minutes=1)) for n in range(201)
    ]
    assert published(publishing, *minutes).status == 422
    assert published(publishing, *minutes[:200]).status == 200
    assert "200 slots a week" in published(publishing, minutes[200]).says
