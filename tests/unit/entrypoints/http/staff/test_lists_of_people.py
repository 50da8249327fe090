"""What waits for others, what is closed, filters, care of many items, and documents."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.aws.step_functions import execution_name
from referral_core.domain.evidence import Evidence
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.http.route import READ_RECORDS
from referral_core.entrypoints.http.staff.views import run_rows
from tests.in_memory import REFERRAL, World
from tests.unit.builders import NOW
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import an_event
from tests.unit.entrypoints.http.staff.test_people import (
    CALLS,
    FRONT,
    GRACE,
    MARIA,
    OLU,
    an_api,
    at,
    ids,
    stored,
    two_teams,
)
from tests.unit.entrypoints.http.staff.test_work_items import a_time, an_item


def some_of_each() -> ApiClient:
    """Two that wait, one item, two closed; of two teams."""
    world = World()
    stored(world, "w2", queue=FRONT, received_at=a_time(-2), priority="urgent")
    stored(world, "w1", queue=CALLS, received_at=a_time(-1))
    stored(world, "i1", queue=FRONT, work_item=an_item(1, reason=Reason.NOT_ELIGIBLE))
    for days, name in ((9, "c9"), (1, "c1")):
        closed_at = world.clock.now() - timedelta(days=days)
        ended = {"status": Status.CLOSED, "outcome": Outcome.SUPERSEDED}
        stored(world, name, queue=FRONT, status_since=closed_at, **ended)
    return an_api(world)


@pytest.mark.parametrize(
    ("person", "query", "found"),
    [
        (OLU, "list=waiting", ["w2", "w1"]),
        (MARIA, "list=waiting", ["w2"]),
        (OLU, "list=waiting&queue=contact-center", ["w1"]),
        (OLU, "list=waiting&priority=urgent", ["w2"]),
        (MARIA, "list=closed", ["c1"]),
        (MARIA, "list=closed&closed-within=30", ["c1", "c9"]),
        (MARIA, "list=closed&closed-within=30&queue=front-office", ["c1", "c9"]),
        (OLU, "list=closed&queue=contact-center", []),
        (MARIA, "list=items", ["i1"]),
        ("away", "list=closed", []),
        ("away", "list=waiting", []),
    ],
)
def test_each_list_holds_its_own(person: str, query: str, found: list[str]) -> None:
    assert ids(some_of_each().items(f"?{query}", client=person)) == found


def test_a_list_that_is_none_is_refused_with_those_there_are() -> None:
    reply = some_of_each().items("?list=open", client=MARIA)
    assert (reply.status, reply.code) == (400, "unknown-list")
    assert "waiting" in reply.says


def test_another_teams_waiting_list_is_refused() -> None:
    reply = some_of_each().items("?list=waiting&queue=contact-center", client=MARIA)
    assert (reply.status, reply.code) == (403, "forbidden")


def test_what_was_closed_in_the_last_days_is_counted() -> None:
    counts = some_of_each().call("GET", "/work-items/counts", client=OLU).body
    assert counts["closed"]["count"] == 1
    assert {team: count["waiting"] for team, count in counts["teams"].items()} == {
        "front-office": 1,
        "contact-center": 1,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=not-eligible,call-due", ["f1", "c1", "f3", "c2"]),
        ("status=received", ["f2", "f1", "c1", "f3", "c2"]),
        ("status=scheduled", []),
        ("priority=stat", []),
        ("pathway=generic-specialist&reason=call-due", ["c1", "c2"]),
        ("referrer=main-ehr&payer=harbor", []),
        ("older-than=1", []),
        ("language=es", []),
        ("practice=nobody", []),
        ("older-than=0&reason=payer-unknown", ["f2"]),
    ],
)
def test_filters_narrow_together_and_values_widen(query: str, found: list[str]) -> None:
    assert ids(two_teams().items(f"?{query}", client=OLU)) == found


@pytest.mark.parametrize("query", ["status=open", "waiting-for=me", "reason=x", "older-than=1d"])
def test_a_filter_that_can_be_no_ones_is_refused(query: str) -> None:
    assert two_teams().items(f"?{query}", client=OLU).status == 400


# --- what there is to filter by ----------------------------------------------------------------


def values(api: ApiClient, query: str = "", client: str = MARIA) -> list[Any]:
    """Read a list's values to the end: each answer."""
    found, url = [], f"/work-items/values{query}"
    while url:
        body = api.call("GET", url, client=client).body
        found.append(body)
        following = body["next"]
        url = following and following[following.index("/work-items") :]
    return found


def many_of_a_clinic(items: int) -> ApiClient:
    """So many items of one team; the last due alone is of another pathway."""
    world = World()
    for number in range(items):
        last = {"pathway": "behavioral-health"} if number == items - 1 else {}
        item = an_item(number, reason=Reason.NOT_ELIGIBLE)
        stored(world, f"i{number}", queue=FRONT, work_item=item, **last)
    return an_api(world)


def test_a_value_of_whatever_is_due_last_can_be_filtered_by() -> None:
    pieces = values(many_of_a_clinic(520))
    assert [piece["read"] for piece in pieces] == [500, 20]
    counts = Counter[str]()
    for piece in pieces:
        for each in piece["values"]["pathway"]:
            counts[each["value"]] += each["count"]
    assert counts == {"generic-specialist": 519, "behavioral-health": 1}


@pytest.mark.parametrize(
    ("person", "query", "read"),
    [
        (OLU, "", 1),
        (OLU, "?list=waiting", 2),
        (MARIA, "?list=waiting", 1),
        (OLU, "?list=closed", 1),
        (OLU, "?list=closed&closed-within=30", 2),
        (OLU, "?list=closed&queue=contact-center", 0),
        ("away", "?list=waiting", 0),
    ],
)
def test_the_values_of_a_list_are_of_what_is_in_it(person: str, query: str, read: int) -> None:
    assert sum(piece["read"] for piece in values(some_of_each(), query, person)) == read


def test_values_have_the_names_of_their_orders_and_no_word_of_the_patient() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    item = api.items("?_include=patient", client=GRACE).body["workItems"][0]
    (piece,) = values(api, client=GRACE)
    (payer,) = piece["values"]["payer"]
    assert payer == {"value": item["payer"], "name": item["patient"]["payer"], "count": 1}
    assert item["patient"]["name"].split(",")[0] not in str(piece)


@pytest.mark.parametrize("page", ["9.0", "x", "-1.0", "1111111.0", "0.", "0"])
def test_a_page_of_values_that_was_never_given_is_refused(page: str) -> None:
    reply = some_of_each().call("GET", f"/work-items/values?_page={page}", client=MARIA)
    assert (reply.status, reply.code) == (400, "invalid-page")


# --- care of many ---------------------------------------------------------------------------------


def care(api: ApiClient, person: str, *names: str, **sent: Any) -> Reply:
    body = {"action": "claim", **sent, "items": [{"id": name} for name in names]}
    return api.call("POST", "/work-items/care", body, client=person)


def owners(api: ApiClient) -> dict[str, str | None]:
    return {i["id"]: i["owner"] for i in api.items(client=GRACE).body["workItems"]}


def test_each_item_is_cared_for_by_itself_and_the_answer_says_what_came_of_each() -> None:
    api = two_teams()
    reply = care(api, MARIA, "f2", "f3", "c1", "nowhere")
    assert reply.status == 200
    said = {result["id"]: result for result in reply.body["results"]}
    assert [said[name]["status"] for name in ("f2", "f3", "c1", "nowhere")] == [200, 200, 403, 404]
    assert said["c1"]["code"] == "forbidden"
    assert owners(api) == {"f1": MARIA, "f2": MARIA, "f3": MARIA, "c1": None, "c2": OLU}


def test_a_manager_assigns_many_and_one_that_was_settled_stops_no_other() -> None:
    api = two_teams()
    seen = {i["id"]: i["openedAt"] for i in api.items(client=GRACE).body["workItems"]}
    items = [{"id": "f1", "item": seen["f1"]}, {"id": "f2", "item": NOW.replace(year=2020)}]
    body = {"action": "assign", "owner": OLU, "items": [*items, {"id": "f3", "item": seen["f3"]}]}
    for each in body["items"]:
        each["item"] = str(each["item"])
    reply = api.call("POST", "/work-items/care", body, client=GRACE)
    assert [r["status"] for r in reply.body["results"]] == [200, 409, 200]
    assert reply.body["results"][1]["code"] == "overtaken"
    assert (owners(api)["f1"], owners(api)["f2"], owners(api)["f3"]) == (OLU, None, OLU)


@pytest.mark.parametrize("action", ["self-pay", "close:not-eligible", "comment", ""])
def test_a_decision_is_never_made_on_many_patients_at_once(action: str) -> None:
    api = two_teams()
    assert care(api, MARIA, "f2", action=action).status == 400
    assert care(api, MARIA, *(f"f{n}" for n in range(26))).status == 400
    assert care(api, MARIA).status == 400


# --- documents ------------------------------------------------------------------------------------


def documents(api: ApiClient, client: str = MARIA) -> Reply:
    return api.call("GET", f"/referrals/{REFERRAL}/documents", client=client)


def test_a_comment_is_read_with_its_words_and_every_document_as_it_came() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    assert api.decide("comment", client=MARIA, comment="Die Tochter fährt: José.").status == 200
    listed = documents(api).body["documents"]
    comment = next(one for one in listed if one["kind"] == "comment")
    assert (comment["text"], comment["source"]) == ("Die Tochter fährt: José.", "lakeside")
    stored_one = api.world.documents.stored[api.world.referral.tenant, comment["sha256"]]
    assert stored_one[0].decode() == comment["text"]
    assert {one["kind"] for one in listed} > {"comment"}
    for one in listed:
        if one["kind"] != "comment":
            assert "text" not in one


def opened(api: ApiClient, referral_id: str, sha256: str, client: str = MARIA) -> tuple[int, bytes]:
    path = f"/referrals/{referral_id}/documents/{sha256}"
    event = an_event("GET", path, None, caller=api.handed_over(client))
    answer = api.apps[READ_RECORDS].resolve(event, None)
    encoded = answer["isBase64Encoded"]
    return answer["statusCode"], b64decode(answer["body"]) if encoded else b""


def test_a_document_is_opened_through_its_own_referral_only() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    stored(api.world, "other")
    api.decide("comment", client=MARIA, comment="Zwei Worte")
    listed = documents(api).body["documents"]
    sha256 = next(one["sha256"] for one in listed if one["kind"] == "comment")
    assert opened(api, REFERRAL, sha256) == (200, b"Zwei Worte")
    assert opened(api, "other", sha256)[0] == 404
    assert opened(api, REFERRAL, "0" * 64)[0] == 404
    assert opened(api, REFERRAL, sha256, client="away")[0] == 404
    assert documents(api, "away").status == 404


def test_a_large_document_is_read_at_an_address_of_its_own_by_whom_it_concerns() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    referral = api.world.referral
    small = api.world.documents.put(referral.tenant, b"A report", "application/pdf")
    for size, sha256 in ((4 * 1024**2, small), (4 * 1024**2 + 1, "a" * 64)):
        evidence = Evidence(
            sha256=sha256,
            kind="report",
            source="clinic",
            received_at=NOW,
            content_type="application/pdf",
            size=size,
        )
        api.world.referrals.evidence[referral.tenant, referral.id].append(evidence)
    assert opened(api, REFERRAL, small) == (200, b"A report")
    path = f"/referrals/{REFERRAL}/documents/{'a' * 64}"
    reply = api.call("GET", path, client=MARIA)
    assert (reply.status, reply.body["size"]) == (200, 4 * 1024**2 + 1)
    assert reply.body["location"].endswith(f"{referral.tenant}/{'a' * 64}")
    assert reply.headers["cache-control"] == "no-store"
    assert api.call("GET", path, client="away").status == 404
    assert api.trail.entries[-2].operation == "read-document"


# --- runs ----------------------------------------------------------------------------------------


def test_each_run_is_shown_with_its_execution_the_last_first() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    shown = api.call("GET", f"/referrals/{REFERRAL}", client=MARIA).body["runs"]
    referral = api.world.referral
    assert [(run["run"], run["execution"]) for run in shown] == [(1, execution_name(referral))]
    events = list(api.world.referrals.events(referral.tenant, referral.id))
    later = [*events[:2], *(event.but(run=2) for event in events[2:])]
    last, first = run_rows(referral.but(run=2), later)
    assert (last["run"], last["isPresent"], first["isPresent"]) == (2, True, False)
    assert last["execution"] == execution_name(referral.but(run=2))
    assert (first["events"], last["events"]) == (2, len(events) - 2)
    assert first["startedAt"] == events[0].at.isoformat()
    assert last["status"] == referral.status
