"""Clinics state their places, people what is wrong and what they verified: over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory_facts import Dispute, Fact
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.updates import Role
from referral_core.entrypoints.http import page_room
from tests.in_memory import START, TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.directory_writes import ENTRY

TODAY = START.date()
NEXT = TODAY + timedelta(weeks=1)


@pytest.fixture
def api() -> ApiClient:
    api = ApiClient(World(), settled=False)
    clinics = [
        Principal(client_id=f"own-{n}", tenant=TENANT, role=Role.CLINIC, organization=f"clinic-{n}")
        for n in (1, 2)
    ]
    directory = api.world.directory
    # The same clinician, of another specialty, at another organization.
    own = next(r for r in directory._records if getattr(r, "npi", "") == ENTRY)
    elsewhere = own.but(specialty="2084S0012X", organization="clinic-2")  # type: ignore[attr-defined]
    directory._records = (*directory._records, *clinics, elsewhere)
    return api


def stated(api: ApiClient, client: str = "own-1", **fields: Any) -> Reply:
    body = {"firstDay": str(NEXT), "lastDay": str(NEXT), "places": 0, **fields}
    return api.call("PUT", f"/directory/{ENTRY}/capacity", body, client=client)


def entries(api: ApiClient, client: str = "staff-1") -> dict[str, Any]:
    reply = api.call("GET", f"/directory/{ENTRY}", client=client)
    assert reply.status == 200
    return {entry["organization"]: entry for entry in reply.body["entries"]}


def test_a_clinic_closes_its_own_week_and_no_other_organizations(api: ApiClient) -> None:
    (_, following) = weeks_from(TODAY, 2)
    assert stated(api).status == 200
    found = entries(api)
    assert found["clinic-1"]["places"][following] == 0
    assert found["clinic-2"]["places"][following] == 5
    limits = api.world.referrals.limits
    assert limits == {(TENANT, ENTRY, following, "clinic-1"): 0}
    assert set(entries(api, "own-1")) == {"clinic-1"}


def test_staff_say_of_whom_where_there_are_several(api: ApiClient) -> None:
    reply = stated(api, "staff-1")
    assert (reply.status, "clinic-1, clinic-2" in reply.says) == (409, True)
    assert stated(api, "staff-1", organization="clinic-2").status == 200
    assert entries(api)["clinic-1"]["disputes"] == []
    (_, following) = weeks_from(TODAY, 2)
    assert [e["places"][following] for e in entries(api).values()] == [5, 0]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"organization": "clinic-2"}, 404),
        ({"lastDay": str(TODAY)}, 409),
        ({"firstDay": "2020-01-01", "lastDay": "2020-02-01"}, 409),
        ({"firstDay": "2031-01-01", "lastDay": None}, 409),
        ({"places": -1}, 400),
        ({"places": 100_000}, 400),
        ({"firstDay": "soon"}, 400),
        ({"surgery": True}, 400),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    api: ApiClient, fields: dict[str, Any], status: int
) -> None:
    before = entries(api)
    assert stated(api, **fields).status == status
    assert entries(api) == before
    assert not api.world.referrals.limits


def test_what_began_long_ago_and_holds_on_counts_from_today(api: ApiClient) -> None:
    assert stated(api, firstDay="2020-01-01", lastDay=None, places=2).status == 200
    assert set(entries(api)["clinic-1"]["places"].values()) == {2}


def test_the_list_is_read_in_pages_of_a_bounded_size(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = next(r for r in api.world.directory._records if getattr(r, "npi", "") == ENTRY)
    for number in range(5):
        disputed = own.but(  # type: ignore[attr-defined]
            npi=f"15000000{number:02d}",
            disputes=(Dispute(fact=Fact.CONTACT, said_by="staff", at=START),),
        )
        api.entries.replace([(None, disputed)])

    def pages(count: int) -> list[int]:
        following, sizes, seen = "", list[int](), list[str]()
        while following is not None:
            assert len(sizes) < 10, "the list does not end"
            query = f"?_count={count}" + (f"&_page={following}" if following else "")
            body = api.call("GET", f"/directory/to-verify{query}").body
            following = body["next"]
            sizes.append(len(body["toVerify"]))
            seen += [entry["npi"] for entry in body["toVerify"]]
        assert seen == [f"15000000{number:02d}" for number in range(5)]
        return sizes

    assert pages(2) == [2, 2, 1]
    assert pages(5) == [5]
    monkeypatch.setattr(page_room, "MOST_BYTES", 1_000)
    assert max(pages(5)) < 5


def test_a_disputed_fact_is_on_the_list_until_a_person_verified_it(api: ApiClient) -> None:
    path = f"/directory/{ENTRY}"
    assert api.call("POST", f"{path}/dispute", {"fact": "contact"}, client="own-1").status == 200
    (listed,) = api.call("GET", "/directory/to-verify").body["toVerify"]
    assert (listed["npi"], listed["organization"]) == (ENTRY, "clinic-1")
    assert [d["fact"] for d in listed["disputes"]] == ["contact"]
    # Another fact is verified: it stays on the list. The right one, corrected, takes it off.
    api.call("POST", f"{path}/verification", {"facts": ["location"], "organization": "clinic-1"})
    assert len(api.call("GET", "/directory/to-verify").body["toVerify"]) == 1
    found = {"corrected": {"phone": "508-555-0199"}, "organization": "clinic-1"}
    assert api.call("POST", f"{path}/verification", found).status == 200
    assert api.call("GET", "/directory/to-verify").body["toVerify"] == []
    own, other = entries(api)["clinic-1"], entries(api)["clinic-2"]
    assert own["phone"] == "508-555-0199"
    assert own["sources"]["contact"] == {"source": "staff", "asOf": str(TODAY)}
    assert set(other["stale"]) - set(own["stale"]) == {"contact", "location"}


@pytest.mark.parametrize("named", ["", "n" * 65])
def test_a_network_that_no_item_has_room_for_is_refused(api: ApiClient, named: str) -> None:
    before = entries(api)
    body = {"corrected": {"networks": [named]}, "organization": "clinic-1"}
    assert api.call("POST", f"/directory/{ENTRY}/verification", body).status == 400
    assert entries(api) == before


def test_what_was_found_wrong_is_written_with_the_verification(api: ApiClient) -> None:
    body = {"corrected": {"accepting": False, "networks": ["harbor"]}, "organization": "clinic-1"}
    assert api.call("POST", f"/directory/{ENTRY}/verification", body).status == 200
    found = entries(api)
    assert (found["clinic-1"]["accepting"], found["clinic-1"]["networks"]) == (False, ["harbor"])
    assert (found["clinic-2"]["accepting"], found["clinic-2"]["networks"]) == (True, ["*"])


def test_a_clinician_has_places_and_no_status(api: ApiClient) -> None:
    reply = api.call("PUT", f"/directory/{ENTRY}/status", {"status": "closed"}, client="own-1")
    assert reply.status == 409
    assert api.call("PUT", "/directory/1/status", {"status": "closed"}).status == 404


def test_what_begins_later_leaves_the_weeks_before_as_they_are(api: ApiClient) -> None:
    later = TODAY + timedelta(weeks=4)
    for places in (0, 40):
        assert stated(api, firstDay=str(later), lastDay=None, places=places).status == 200
        shown = list(entries(api, "own-1")["clinic-1"]["places"].values())
        assert shown[:4] == [5, 5, 5, 5]
        assert set(shown[4:]) == {places}


@pytest.mark.parametrize(
    "days", [{"firstDay": "9999-12-31", "lastDay": None}, {"lastDay": "2027-03-01"}]
)
def test_days_beyond_what_is_written_are_refused(api: ApiClient, days: dict[str, Any]) -> None:
    assert stated(api, **days).status == 409
    assert api.world.referrals.limits == {}


def test_what_is_verified_of_one_organization_says_nothing_of_another(api: ApiClient) -> None:
    for client in ("own-1", "own-2"):
        api.call("POST", f"/directory/{ENTRY}/dispute", {"fact": "location"}, client=client)
    body = {"corrected": {"latitude": 10.0, "longitude": 20.0}}
    assert api.call("POST", f"/directory/{ENTRY}/verification", body).status == 409
    body["organization"] = "clinic-1"  # type: ignore[assignment]
    assert api.call("POST", f"/directory/{ENTRY}/verification", body).status == 200
    found = {e.organization: e for e in api.world.directory.entries_of(TENANT, ENTRY)}
    assert (found["clinic-1"].latitude, found["clinic-1"].disputes) == (10.0, ())
    assert found["clinic-2"].latitude != 10.0
    assert found["clinic-2"].disputes
