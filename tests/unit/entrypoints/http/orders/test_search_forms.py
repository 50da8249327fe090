"""What a search asks for is done, refused or said to be left out: nothing is taken and not used."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.ids import Tenant
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http import page_room
from referral_core.entrypoints.http.exchange import Request
from referral_core.entrypoints.http.orders.search import OrderSearch
from referral_core.fhir.search import Asked
from referral_core.fhir.systems import TEAM
from tests.in_memory import REFERRAL, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import PRINCIPALS
from tests.unit.entrypoints.http.orders.test_order_search import (
    ORDER,
    SETTLED,
    numbers,
    posted,
    searched,
)
from tests.unit.entrypoints.http.test_page_room import on, pages

TASK = "/fhir/Task"


@pytest.fixture
def api() -> ApiClient:
    """An EHR with an urgent order of no date, and a routine one."""
    api = ApiClient(World(), settled=False)
    posted(api, 1, authoredOn="2026-03-02")
    posted(api, 2, priority="urgent", code={"text": "cardiology"})
    posted(api, 3, authoredOn="2026-02-20", requester={"reference": "PractitionerRole/7"})
    api.world.clock.move(SETTLED)
    return api


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("priority:not=urgent", ["1", "3"]),
        ("code:not=183519002", ["2"]),
        ("status:not=active,draft", []),
        ("authored:missing=true", ["2"]),
        ("authored:missing=false", ["1", "3"]),
        ("requester:missing=true&priority=routine", ["1"]),
        ("requester:PractitionerRole=7", ["3"]),
        ("requester:Practitioner=7", []),
        ("authored=2026-02-20,2026-03-02", ["1", "3"]),
        ("_lastUpdated=lt2020,gt2020", ["1", "2", "3"]),
        ("_lastUpdated=gt2100,lt2020", []),
        ("status=http://hl7.org/fhir/request-status|active&priority=|urgent", ["2"]),
        ("status=urn:other|active", []),
        ("_summary=false&_total=none&status=active", ["1", "2", "3"]),
        *((f"authored={nine}", []) for nine in ("9999", "9999-12-31", "9999-12-31T23:59:59Z")),
        ("authored=lt9999-12-31", ["1", "3"]),
        ("_lastUpdated=lt9999&_lastUpdated=ge0001-01-01", ["1", "2", "3"]),
    ],
)
def test_modifiers_and_lists_mean_what_fhir_says(
    api: ApiClient, query: str, found: list[str]
) -> None:
    assert numbers(searched(api, query)) == found


@pytest.mark.parametrize(
    "query",
    [
        *("code:text=x", "code:in=x", "patient:exact=x", "authored:not=2026", "_id:missing=maybe"),
        *("status:colour=red", "_sort=-_lastUpdated", "_sort=authored", "_summary=some"),
        *("_total=all", "_include=ServiceRequest:patient", "_has:Task:focus:status=x", "_tag=x"),
    ],
)
def test_what_a_search_does_not_do_is_refused_and_not_passed_over(
    api: ApiClient, query: str
) -> None:
    assert searched(api, query).status == 400
    if "maybe" not in query:
        lenient = searched(api, f"{query}&status=active", prefer="handling=lenient")
        assert len(numbers(lenient)) == 3
        assert query.partition("=")[0] not in lenient.body["link"][0]["url"]


@pytest.mark.parametrize(
    "query",
    [
        *("authored=gt2026-13-01", "authored=2026-02-30", "_lastUpdated=ap2026", "authored=ap2026"),
        *("_lastUpdated=gt2026-03-02T24:00:00Z", "_lastUpdated=yesterday", "authored=2026,never"),
        *("authored:missing=yes", "status:missing=", "_id=none&authored=x", "status=no&authored=x"),
    ],
)
def test_a_value_that_is_none_is_refused_whatever_there_is_to_find(
    api: ApiClient, query: str
) -> None:
    strict = {"prefer": "handling=strict"} if query.endswith("=") else {}
    for client in ("ehr-1", "ehr-2"):  # who has orders, and who has none
        reply = searched(api, query, client=client, **strict)
        assert (reply.status, reply.body["issue"][0]["severity"]) == (400, "error")
    for url in (f"{TASK}?status:missing=x", "/fhir/Slot?schedule=1999900107&start=gt2026-02-30"):
        refused = api.call("GET", url, client="clinic-1")
        assert (refused.status, refused.code) == (400, "invalid-search-value")


@pytest.mark.parametrize("by", ["status=requested,in-progress,received", "focus={ids}"])
def test_the_total_of_tasks_is_that_of_all_pages(api: ApiClient, by: str) -> None:
    api.world.settle()
    ids = ",".join(state.referral.id for state in api.world.referrals.all())
    query = f"{TASK}?{by.format(ids=ids)}&_count=1&_total=accurate"
    first = api.call("GET", query, client="ehr-1").body
    assert (first["total"], len(first["entry"])) == (3, 1)


@pytest.mark.parametrize("own", ["_totalMethod=count", "_=1764270000", "_cacheBuster=7"])
def test_a_parameter_of_a_clients_own_says_nothing_of_what_is_wanted(
    api: ApiClient, own: str
) -> None:
    counted = searched(api, f"status=active&_count=0&{own}")
    assert counted.body["total"] == 3
    assert own.partition("=")[0] not in counted.body["link"][0]["url"].replace("_count", "")
    assert searched(api, f"status=active&{own}", prefer="handling=strict").status == 200


@pytest.mark.parametrize("by", ["identifier=urn:n|1,urn:n|2,urn:n|3", "status=active"])
def test_a_page_holds_no_more_than_is_asked_for(api: ApiClient, by: str) -> None:
    found = on(pages(api, f"{ORDER}?{by}&_count=2"))
    assert [len(page) for page in found] == [2, 1]
    assert searched(api, f"{by}&_count=0").body["total"] == 3


def test_a_comma_behind_a_backslash_is_of_the_value() -> None:
    api = ApiClient(World(), settled=False)
    posted(api, 1, identifier=[{"system": "urn:n", "value": "A,1"}])
    posted(api, 2, identifier=[{"system": "urn:n", "value": "A"}])
    assert numbers(searched(api, "identifier=urn:n|A\\,1")) == ["A,1"]
    assert numbers(searched(api, "identifier=urn:n|A,urn:n|none")) == ["A"]


@given(st.lists(st.text(min_size=1, max_size=6).filter(lambda one: "\0" not in one), max_size=4))
def test_values_are_read_as_they_were_written(values: list[str]) -> None:
    written = ",".join(one.replace("\\", "\\\\").replace(",", "\\,") for one in values)
    assert Asked.of("code", written).values == tuple(values)


def test_a_read_returns_the_parts_that_are_asked_for(api: ApiClient) -> None:
    found = searched(api, "identifier=urn:n|1").body["entry"][0]["resource"]["id"]
    part = api.call("GET", f"{ORDER}/{found}?_elements=status", client="ehr-1").body
    assert set(part) == {"resourceType", "id", "meta", "status"}
    summary = api.call("GET", f"{ORDER}/{found}?_summary=true", client="ehr-1").body
    assert "contained" not in summary


# --- orders that move while a page is read --------------------------------------------------------


class MovesWhileRead:
    """The list of an EHR as a read finds it whose entries have new versions by then."""

    def __init__(self, world: World) -> None:
        self.world = world

    def of_referrer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[list[Referral], str | None]:
        page, following = self.world.referrals.of_referrer(tenant, organization, limit, after)
        first, *rest = page
        later = max(r.revised_at or r.received_at for r in page) + timedelta(seconds=1)
        return [first.but(revised_at=later), *rest], following


def test_where_all_before_moved_the_next_page_begins_at_the_start(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = api.world
    search = OrderSearch(
        MovesWhileRead(world),
        world.clock,
        lambda referral: ClinicalPayload.load(world.referrals.payload(referral)),
    )
    request = Request(
        principal=PRINCIPALS["ehr-1"],
        body=b"",
        content_type=None,
        headers={},
        query={},
        correlation_id="c",
        base_url="https://api.example.org/fhir",
    )
    monkeypatch.setattr(page_room, "MOST_BYTES", 10)
    page = search.page(request, 50)
    assert [o["identifier"][0]["value"] for o in page.found] == ["1"]
    assert page.following is not None
    assert numbers(searched(api, f"_page={page.following}")) == ["1"]


# --- Tasks --------------------------------------------------------------------------------------


@pytest.fixture
def tasks() -> ApiClient:
    """A referral at a clinic, whose first offer was declined."""
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    return api


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [str(entry["resource"]["id"]) for entry in reply.body.get("entry", [])]


def test_tasks_are_found_by_id_focus_status_and_owner(tasks: ApiClient) -> None:
    def found(query: str, client: str = "staff-1") -> list[str]:
        return ids(tasks.call("GET", f"{TASK}?{query}", client=client))

    whole, offer = f"{REFERRAL}.a", f"{REFERRAL}.b1"
    team = tasks.call("GET", f"{TASK}/{whole}").body["owner"]["identifier"]["value"]
    assert found(f"_id={offer}") == [offer]
    assert found(f"_id={whole},{offer}") == [whole, offer]
    assert found(f"focus=ServiceRequest/{REFERRAL}") == [whole, offer]
    assert found(f"focus=https://x.example.org/fhir/ServiceRequest/{REFERRAL}") == [whole, offer]
    assert found(f"owner={team}&status:not=completed") == [whole]
    assert found(f"owner={TEAM}|{team}") == [whole]
    assert found(f"owner=urn:other|{team}") == []
    assert found("owner=another-team") == []
    assert found("status=completed,cancelled") == []
    assert found("status=in-progress&status=completed") == []
    assert found(f"focus=ServiceRequest/{REFERRAL}", "ehr-2") == []


def test_tasks_are_paged_and_counted(tasks: ApiClient) -> None:
    by_focus = f"{TASK}?focus=ServiceRequest/{REFERRAL}"
    found = [ids(Reply(200, page, {})) for page in pages(tasks, f"{by_focus}&_count=1", "staff-1")]
    assert found == [[f"{REFERRAL}.a"], [f"{REFERRAL}.b1"]]
    assert tasks.call("GET", f"{by_focus}&_count=0").body["total"] == 2
    counted = tasks.call("GET", f"{TASK}?_summary=count").body
    assert (counted["total"], "entry" in counted) == (1, False)


@pytest.mark.parametrize(
    "query", ["_sort=_lastUpdated", "patient=1", "_page=own~%00", "_page=front-office~a|b|\u00e9"]
)
def test_what_a_search_of_tasks_does_not_do_is_refused(tasks: ApiClient, query: str) -> None:
    assert tasks.call("GET", f"{TASK}?{query}").status == 400


@pytest.mark.parametrize(
    "parameter",
    [
        *(
            "_lastUpdated",
            "authored",
            "status",
            "code",
            "identifier",
            "_id",
            "requester",
            "patient",
        ),
        *("_count", "_sort", "_summary", "_total", "_elements", "status:not", "authored:missing"),
    ],
)
@pytest.mark.parametrize("value", ["", ",", " "])
def test_a_parameter_without_a_value_asks_for_nothing(
    api: ApiClient, parameter: str, value: str
) -> None:
    reply = searched(api, f"{parameter}={quote(value)}&priority=routine")
    assert numbers(reply) == ["1", "3"]
    assert parameter not in reply.body["link"][0]["url"]
    strict = searched(api, f"{parameter}={quote(value)}", prefer="handling=strict")
    assert strict.code == "empty-search-parameter"


@pytest.mark.parametrize("parameter", ["status", "focus", "owner", "_id", "_count"])
def test_a_parameter_of_tasks_without_a_value_asks_for_nothing(
    api: ApiClient, parameter: str
) -> None:
    api.world.settle()
    every = api.call("GET", TASK, client="ehr-1")
    assert every.body["entry"]
    some = api.call("GET", f"{TASK}?{parameter}=", client="ehr-1")
    assert some.body["entry"] == every.body["entry"]


@pytest.mark.parametrize("parameter", ["_since=2026-01-01", "_at=2026-01-01", "status=active"])
def test_a_history_follows_what_it_is_asked_or_refuses_it(api: ApiClient, parameter: str) -> None:
    url = f"{ORDER}/{api.world.referrals.all()[0].referral.id}"
    order = api.call("GET", url, client="ehr-1").body
    for word in ("one", "two"):
        assert (
            api.call("PUT", url, {**order, "note": [{"text": word}]}, client="ehr-1").status == 200
        )

    def history(query: str, **headers: str) -> Reply:
        return api.call("GET", f"{url}/_history?{query}", client="ehr-1", **headers)

    first = history("_count=2")
    assert [e["resource"]["meta"]["versionId"] for e in first.body["entry"]] == ["3", "2"]
    following = first.body["link"][1]["url"].partition("?")[2]
    last = history(following)
    assert [e["resource"]["meta"]["versionId"] for e in last.body["entry"]] == ["1"]
    assert (history("_count=0").body["total"], history("_count=0").body["entry"]) == (3, [])
    assert history(parameter).code == "unknown-search-parameter"
    assert history(parameter, prefer="handling=lenient").status == 200
