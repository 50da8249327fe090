"""No page is larger than an answer may be, and none leaves out or repeats what another holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.entrypoints.http import page_room
from referral_core.entrypoints.http.page_room import MOST_BYTES, PageRoom
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.orders.test_order_search import ORDER, SETTLED, numbers, posted
from tests.unit.fhir.orders import Json

LARGEST_ANSWER = 6 * 1024 * 1024
NOTE = [{"text": "\u00e9" * 6_000}]
"""Six characters of JSON for each of two bytes."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiClient:
    """An API whose pages hold 100 KB: two orders of this note, and not three."""
    monkeypatch.setattr(page_room, "MOST_BYTES", 100_000)
    return ApiClient(World(), settled=False)


def pages(api: ApiClient, path: str, client: str = "ehr-1") -> list[Json]:
    found = []
    while path:
        assert len(found) < 20
        reply = api.call("GET", path, client=client)
        assert reply.status == 200, reply.body
        found.append(reply.body)
        links = {link["relation"]: link["url"] for link in reply.body["link"]}
        path = "/fhir" + links["next"].rpartition("/fhir")[2] if "next" in links else ""
    return found


def on(bundles: list[Json]) -> list[list[str]]:
    return [numbers(Reply(200, body, {})) for body in bundles]


def test_a_full_page_of_the_largest_orders_fits_an_answer() -> None:
    assert MOST_BYTES * 1.5 < LARGEST_ANSWER
    room = PageRoom()
    assert room.takes({"text": "x" * (2 * MOST_BYTES)}), "the first goes, or nothing goes on"
    assert not room.takes({})


@pytest.mark.parametrize("query", ["_count=50", "_lastUpdated=gt2020&_sort=_lastUpdated"])
def test_pages_of_orders_are_bounded_in_bytes_and_lead_on(api: ApiClient, query: str) -> None:
    for number in range(5):
        posted(api, number, note=NOTE)
    api.world.clock.move(SETTLED)
    assert on(pages(api, f"{ORDER}?{query}")) == [["0", "1"], ["2", "3"], ["4"]]


def test_an_order_that_moves_between_two_pages_is_not_missed(api: ApiClient) -> None:
    replies = [posted(api, number, note=NOTE) for number in range(4)]
    api.world.clock.move(SETTLED)
    first = api.call("GET", f"{ORDER}?_count=50", client="ehr-1")
    assert numbers(first) == ["0", "1"]
    moved = {**replies[0].body, "priority": "urgent"}
    assert api.call("PUT", f"{ORDER}/{moved['id']}", moved, client="ehr-1").status == 200
    following = next(x["url"] for x in first.body["link"] if x["relation"] == "next")
    rest = on(pages(api, "/fhir" + following.rpartition("/fhir")[2]))
    assert sorted(n for page in rest for n in page) == ["0", "2", "3"]


def test_orders_asked_for_by_number_are_paged_too(api: ApiClient) -> None:
    for number in range(5):
        posted(api, number, note=NOTE)
    wanted = ",".join(f"urn:n|{number}" for number in range(5))
    assert on(pages(api, f"{ORDER}?identifier={wanted}")) == [["0", "1"], ["2", "3"], ["4"]]


def test_a_history_is_paged_from_the_last_version_down(api: ApiClient) -> None:
    order = posted(api, 1, note=NOTE).body
    for number in range(4):
        api.world.clock.move(timedelta(minutes=1))
        sent = {**order, "note": [*NOTE, {"text": str(number)}]}
        assert api.call("PUT", f"{ORDER}/{order['id']}", sent, client="ehr-1").status == 200
    bundles = pages(api, f"{ORDER}/{order['id']}/_history")
    versions = [[e["resource"]["meta"]["versionId"] for e in b["entry"]] for b in bundles]
    assert versions == [["5", "4"], ["3", "2"], ["1"]]
    assert {b["total"] for b in bundles} == {5}


@pytest.mark.parametrize(
    "query", ["identifier=urn:n|1&_page=h~2", "identifier=urn:n|1&_page=v~x|2026", "_id=x&_page=7"]
)
def test_a_page_of_another_list_is_refused(api: ApiClient, query: str) -> None:
    posted(api, 1)
    assert api.call("GET", f"{ORDER}?{query}", client="ehr-1").status == 400


@pytest.mark.parametrize("page", ["h~9", "h~0", "n~1", "h~-1"])
def test_a_page_of_versions_that_are_none_is_refused(api: ApiClient, page: str) -> None:
    order = posted(api, 1).body
    path = f"{ORDER}/{order['id']}/_history?_page={page}"
    assert api.call("GET", path, client="ehr-1").status == 400
