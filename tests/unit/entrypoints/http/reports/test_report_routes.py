"""Reports over HTTP: who may see what, what may be asked, and what is said of a long one."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from inspect import unwrap
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from referral_core.domain.errors import Retryable, RouterError, TooLarge
from referral_core.domain.events import Event
from referral_core.domain.ids import Tenant
from referral_core.entrypoints.http.reports.figures import RunReports
from referral_core.ports.lake import LakeQuery
from referral_core.reporting.rows import row_of
from referral_core.reports import definitions
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import SCOPES, an_event
from tests.unit.reporting.lakes import CONTRACT, REVENUE

VOLUME = definitions()["volume"]
MARCH = "from=2026-03-01&to=2026-03-31"


@pytest.fixture
def api() -> ApiClient:
    world = World()
    world.accept("happy-path")
    world.settle()
    client = ApiClient(world)
    client.lake.put([row_of(e) for e in events_of(world)])
    return client


def events_of(world: World) -> list[Event]:
    held = world.referral
    return list(world.referrals.events(held.tenant, held.id))


def ask(api: ApiClient, url: str, client: str = "finance-1") -> Reply:
    """Ask for a report in JSON; what is no FHIR comes as bytes."""
    found = raw(api, url, client)
    body = found["body"]
    text = base64.b64decode(body).decode() if found["isBase64Encoded"] else body
    headers = {name.lower(): value for name, value in found["headers"].items()}
    return Reply(found["statusCode"], json.loads(text), headers)


def raw(api: ApiClient, url: str, client: str = "finance-1", accept: str = "*/*") -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    event = an_event(
        "GET",
        parts.path,
        client=client,
        scope=SCOPES,
        queryStringParameters=query,
        headers={"accept": accept},
    )
    return api.apps["query_reports"].resolve(event, None)


def test_the_list_says_what_every_figure_is(api: ApiClient) -> None:
    found = ask(api, "/reports").body
    assert [r["name"] for r in found["reports"]] == list(definitions())
    assert all(r["definition"] and r["denominator"] and r["columns"] for r in found["reports"])
    assert {"name": "referral_id", "kind": "string"}.items() <= found["lake"][0].items()


@pytest.mark.parametrize("name", sorted(definitions()))
def test_every_figure_is_answered_with_its_definition_and_what_it_is_true_of(
    api: ApiClient, name: str
) -> None:
    reply = ask(api, f"/reports/{name}?{MARCH}")
    assert reply.status == 200
    assert reply.body["definition"] == definitions()[name].definition
    assert reply.body["time_zone"] == "America/New_York"
    # The clocks of that month were put forward.
    assert reply.body["utc_offset"] == "-05:00 and -04:00"


def test_a_referral_that_was_received_is_in_the_figure(api: ApiClient) -> None:
    reply = ask(api, f"/reports/volume?{MARCH}&by=pathway,priority")
    assert [row["received"] for row in reply.body["rows"]] == [1]
    assert reply.body["totals"]["received"] == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=yesterday", "as a day"),
        ("from=20260301", "as a day"),
        ("to=2026-W10-1", "as a day"),
        ("to=2026-02-30", "as a day"),
        ("from=2026-03-31&to=2026-03-01", "in order"),
        ("from=2019-12-31&to=2026-03-01", "from 2020-01-01 on"),
        ("from=2020-01-01&to=2026-03-01", "at most 1100 apart"),
        ("basis=calendar", "cohort, activity"),
        ("by=name", "at most 3 different"),
        ("by=payer,payer", "at most 3 different"),
        ("by=payer,kind,pathway,priority", "at most 3 different"),
        ("by=payer'--", "at most 3 different"),
        ("as-of=2026-03-02", "with its offset"),
        ("as-of=2999-01-01T00:00:00Z", "past instant"),
        ("format=xlsx", "json, csv, parquet"),
        ("referral=1", "id of one referral"),
        ("since=2999-01-01T00:00:00Z", "past instant"),
        ("colour=red", "no parameter 'colour'"),
        ("since=2026-03-01T00:00:00Z&by=payer", "Leave out by with since"),
        ("since=2026-03-01T00:00:00Z&format=csv", "Leave out format with since"),
        ("since=2026-03-01T00:00:00Z&basis=activity", "Leave out basis with since"),
    ],
)
def test_a_parameter_that_is_not_right_says_how_it_is(
    api: ApiClient, query: str, says: str
) -> None:
    reply = ask(api, f"/reports/conversion?{query}")
    assert (reply.status, reply.code) == (400, "invalid-parameter")
    assert says in reply.says


@pytest.mark.parametrize("last", ["2031-01-01", "9999-12-30", "9999-12-31"])
def test_a_period_that_never_ends_is_none_the_less_a_period(api: ApiClient, last: str) -> None:
    asked = f"from={last[:4]}-{last[5:7]}-01&to={last}"
    reply = ask(api, f"/reports/volume?{asked}")
    assert (reply.status, reply.body["rows"]) == (200, [])
    assert reply.body["utc_offset"] in {"-05:00", "-04:00"}
    by_language = ask(api, f"/reports/volume?{asked}&by=language", "staff-1")
    assert (by_language.status, by_language.code) == (400, "invalid-parameter")


def test_a_parameter_that_is_there_twice_is_refused(api: ApiClient) -> None:
    event = an_event(
        "GET",
        "/reports/conversion",
        client="finance-1",
        rawQueryString="by=payer&by=kind",
        headers={"accept": "*/*"},
    )
    found = api.apps["query_reports"].resolve(event, None)
    assert found["statusCode"] == 400
    assert "Send by once" in found["body"]


def test_there_is_no_other_report(api: ApiClient) -> None:
    assert ask(api, "/reports/base").status == 404


@pytest.mark.parametrize("client", ["ehr-1", "clinic-1", "payer-1"])
@pytest.mark.parametrize("url", ["/reports", f"/reports/volume?{MARCH}"])
def test_nobody_else_sees_figures(api: ApiClient, url: str, client: str) -> None:
    assert ask(api, url, client).status == 403


@pytest.mark.parametrize("url", ["/fhir/Task", "/work-items", "/fhir/ServiceRequest?_id=1"])
def test_finance_sees_no_record(api: ApiClient, url: str) -> None:
    assert api.call("GET", url, client="finance-1").status == 403


def test_another_tenants_figures_are_its_own(api: ApiClient) -> None:
    world = api.world
    profile = world.directory.tenant(Tenant("lakeside"))
    world.directory._records = (*world.directory._records, profile.but(tenant="riverside"))
    assert ask(api, f"/reports/volume?{MARCH}", "stranger").body["rows"] == []


def test_staff_see_no_small_cell_of_what_patients_are_and_finance_does(api: ApiClient) -> None:
    api.world.clock.move(timedelta(days=40))
    by_language = f"/reports/volume?{MARCH}&by=language"
    assert ask(api, by_language, "staff-1").body["rows"][0]["received"] == "< 11"
    assert ask(api, by_language).body["rows"][0]["received"] == 1


@pytest.mark.parametrize(
    "days",
    [
        "from=2026-02-01&to=2026-02-27",
        "from=2026-02-02&to=2026-02-28",
        "from=2026-01-01&to=2026-02-28",
        "from=2026-03-01&to=2026-03-31",  # not over
        "from=2026-02-01",  # until today
        "to=2026-02-28",
        "from=2026-03-01&to=2026-03-31&as-of=2026-03-31T23:00:00-04:00",
    ],
)
@pytest.mark.parametrize("by", ["language", "pathway,zip3"])
def test_no_two_periods_tell_staff_what_few_patients_are(
    api: ApiClient, days: str, by: str
) -> None:
    """Of February, and of February but its last day, the difference is that day's patients."""
    if "as-of" in days:
        api.world.clock.move(timedelta(days=40))
    refused = ask(api, f"/reports/volume?{days}&by={by}", "staff-1")
    assert refused.status == 400
    assert "one whole month that is over" in refused.body["issue"][0]["diagnostics"]
    # Finance is shown the cells anyway, and what says nothing of patients is of any days.
    assert ask(api, f"/reports/volume?{days}&by={by}").status == 200
    assert ask(api, f"/reports/volume?{days}&by=pathway", "staff-1").status == 200


@pytest.mark.parametrize(
    ("asked", "month"),
    [
        ("volume?by=language", ("2026-02-01", "2026-02-28")),
        ("wait_and_distance?", ("2026-02-01", "2026-02-28")),  # by language, where nobody says
        ("volume?by=zip3&from=2024-02-01&to=2024-02-29", ("2024-02-01", "2024-02-29")),
        ("volume?by=zip3&from=2025-12-01&to=2025-12-31", ("2025-12-01", "2025-12-31")),
        ("volume?by=zip3&as-of=2026-02-01T00:30:00-05:00", ("2026-01-01", "2026-01-31")),
    ],
)
def test_a_month_that_is_over_is_told_and_is_what_is_meant_where_nobody_says(
    api: ApiClient, asked: str, month: tuple[str, str]
) -> None:
    found = ask(api, f"/reports/{asked}", "staff-1").body
    assert (found["period_from"], found["period_to"]) == month


@pytest.mark.parametrize(("wanted", "begins"), [("csv", b"pathway,received"), ("parquet", b"PAR1")])
def test_a_figure_comes_as_a_file(api: ApiClient, wanted: str, begins: bytes) -> None:
    url = f"/reports/volume?{MARCH}&by=pathway&format={wanted}"
    found = raw(api, url, accept="text/csv")
    assert found["headers"]["Content-Disposition"].endswith(f'"volume.{wanted}"')
    assert base64.b64decode(found["body"]).startswith(begins)


def test_one_referral_is_itemised_with_what_has_no_price(api: ApiClient) -> None:
    referral = api.world.referral.id
    rows = ask(api, f"/reports/cost?referral={referral}").body["rows"]
    units = {row["unit"]: row for row in rows}
    assert units["payer_transactions"]["usd"] is None
    assert units["payer_transactions"]["not_priced"] == units["payer_transactions"]["units"]

    api.world.directory.contracts[Tenant("lakeside")] = [CONTRACT, REVENUE]
    rows = ask(api, f"/reports/cost?referral={referral}").body["rows"]
    priced = {row["unit"]: row for row in rows}
    assert priced["payer_transactions"]["not_priced"] == 0


def test_a_referral_that_nobody_knows_costs_not_nothing(api: ApiClient) -> None:
    reply = ask(api, f"/reports/cost?referral={'f' * 32}")
    assert (reply.status, reply.code) == (404, "not-found")
    assert "check its id" in reply.says


class Slow:
    """A lake whose rows are not there yet."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, statement: str) -> str:
        self.asked.append(statement)
        return str(len(self.asked))

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        return LakeQuery(self.asked[int(query_id) - 1], None if within_s else [])


class Ready(Slow):
    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        return LakeQuery(self.asked[int(query_id) - 1], [])


def with_lake(api: ApiClient, lake: Slow) -> None:
    for use in api.apps["query_reports"]._use_cases.values():
        runs = unwrap(use).__self__  # type: ignore[attr-defined] # a bound method
        assert isinstance(runs, RunReports)
        object.__setattr__(runs, "lake", lake)


def test_a_long_one_says_where_to_look_and_is_found_there(api: ApiClient) -> None:
    slow = Slow()
    with_lake(api, slow)
    reply = ask(api, f"/reports/conversion?{MARCH}&by=payer")
    assert reply.status == 202
    assert reply.headers["retry-after"]

    ready = Ready()
    ready.asked = slow.asked
    with_lake(api, ready)
    assert ask(api, reply.headers["location"]).status == 200
    assert len(slow.asked) == 1


def test_a_long_comparison_is_found_where_it_says(api: ApiClient) -> None:
    # Given a lake that needs long for what two instants say, and why
    slow = Slow()
    with_lake(api, slow)
    before = api.world.referral.received_at.isoformat().replace("+00:00", "Z")
    reply = ask(api, f"/reports/conversion?{MARCH}&since={before}")
    assert reply.status == 202
    assert len(slow.asked) == 3
    # When it is looked for as long as it takes
    look_at = ask(api, reply.headers["location"]).headers["location"]
    ready = Ready()
    ready.asked = slow.asked
    with_lake(api, ready)
    # Then it is there, and nothing was asked again
    assert ask(api, look_at).body["restatements"] == []
    assert len(slow.asked) == 3


class Ends(Ready):
    """A lake whose query ends otherwise than with a few rows."""

    def __init__(self, found: Exception | int) -> None:
        super().__init__()
        self.found = found

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        if isinstance(self.found, Exception):
            raise self.found
        row = ["clinic " * 30, None, None, 1, *[0] * (len(VOLUME.selected) - 1)]
        return LakeQuery(self.asked[int(query_id) - 1], [row] * self.found)


@pytest.mark.parametrize(
    ("found", "status", "says"),
    [
        (TooLarge("The report reads more than one may: ask for fewer days."), 422, "fewer days"),
        (Retryable("The query was ended before it was done: ask again."), 503, "ask again"),
        (RouterError("The query failed."), 500, "The router failed"),
        (20_000, 422, "at most 4: ask for fewer days or cuts"),
    ],
)
def test_a_report_that_cannot_be_had_says_what_to_do(
    api: ApiClient, found: Exception | int, status: int, says: str
) -> None:
    with_lake(api, Ends(found))
    reply = ask(api, f"/reports/volume?{MARCH}&by=location")
    assert reply.status == status
    assert says in reply.says


def test_a_query_of_somebody_else_is_not_found(api: ApiClient) -> None:
    ready = Ready()
    ready.asked = ["SELECT * FROM referral_events WHERE tenant = 'riverside'"]
    with_lake(api, ready)
    assert ask(api, f"/reports/conversion?{MARCH}&run=1").status == 404


def test_what_a_figure_said_earlier_is_compared_with_what_it_says_now(api: ApiClient) -> None:
    before = api.world.referral.received_at - timedelta(seconds=1)
    reply = ask(api, f"/reports/conversion?{MARCH}&since={before.isoformat()}")
    assert reply.status == 200
    assert reply.body["since"] < reply.body["as_of"]
    figures = {r["figure"]: (r["before"], r["after"]) for r in reply.body["restatements"]}
    assert figures["eligible"] == (0, 1)
