"""Figures that somebody asked for a while ago: there at once, each with how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from inspect import unwrap
from typing import Any

import pytest

from referral_core.adapters.memory.kept_rows import MemoryKeptRows
from referral_core.domain.errors import Retryable
from referral_core.domain.ids import Tenant
from referral_core.entrypoints.http.reports.figures import RunReports
from referral_core.entrypoints.http.reports.kept import KeptReports
from referral_core.ports.lake import KeptRows, LakeQuery
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.reports.test_report_routes import ask, raw
from tests.unit.reporting.lakes import CONTRACT

BY_LANGUAGE = "/reports/volume?by=language"


class Counted:
    """A lake of one referral, that says how often it was asked, and may need long."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.is_slow = False

    def ask(self, statement: str) -> str:
        self.statements.append(statement)
        return str(len(self.statements))

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        assert within_s
        rows: Sequence[Sequence[Any]] = [["en", None, None, *["1"] * 7, "1"]]
        return LakeQuery(self.statements[int(query_id) - 1], None if self.is_slow else rows)


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(World())


@pytest.fixture
def lake(api: ApiClient) -> Counted:
    return given(api, "lake", Counted())


def given(api: ApiClient, name: str, part: Any) -> Any:
    for use in api.apps["query_reports"]._use_cases.values():
        runs = unwrap(use).__self__  # type: ignore[attr-defined] # a bound method
        assert isinstance(runs, RunReports)
        object.__setattr__(runs, name, part)
    return part


def test_what_was_asked_for_is_there_and_says_how_old_it_is(api: ApiClient, lake: Counted) -> None:
    # Given a figure that was counted three minutes ago
    first = ask(api, BY_LANGUAGE)
    assert first.headers["age"] == "0"
    api.world.clock.move(timedelta(minutes=3))
    # When somebody takes it of up to five minutes ago
    second = ask(api, f"{BY_LANGUAGE}&max-age=300")
    # Then nothing is counted, and the figure says of which instant it is
    assert (second.status, second.headers["age"]) == (200, "180")
    assert second.body == first.body
    assert len(lake.statements) == 1
    # And who says nothing of its age gets it of this instant
    assert ask(api, BY_LANGUAGE).headers["age"] == "0"
    assert len(lake.statements) == 2


def test_what_is_older_than_wanted_is_counted_anew(api: ApiClient, lake: Counted) -> None:
    ask(api, f"{BY_LANGUAGE}&max-age=300")
    api.world.clock.move(timedelta(seconds=301))
    assert ask(api, f"{BY_LANGUAGE}&max-age=300").headers["age"] == "0"
    assert ask(api, f"{BY_LANGUAGE}&max-age=300").headers["age"] == "0"
    assert len(lake.statements) == 2


def test_another_question_is_another_one(api: ApiClient, lake: Counted) -> None:
    ask(api, BY_LANGUAGE)
    for url in ("/reports/volume?by=zip3", f"{BY_LANGUAGE}&basis=activity"):
        ask(api, f"{url}&max-age=300")
    assert len(lake.statements) == 3


def test_each_is_shown_what_they_may_see_and_as_they_want_it(api: ApiClient, lake: Counted) -> None:
    # Given what finance asked for, of a month that is over
    api.world.clock.move(timedelta(days=40))
    of_march = f"{BY_LANGUAGE}&from=2026-03-01&to=2026-03-31"
    assert ask(api, of_march).body["rows"][0]["received"] == 1
    # When staff take the same, then they see no small cell
    kept = ask(api, f"{of_march}&max-age=300", "staff-1")
    assert kept.body["rows"][0]["received"] == "< 11"
    as_csv = raw(api, f"{of_march}&max-age=300&format=csv", accept="text/csv")
    assert as_csv["headers"]["Age"] == "0"
    assert len(lake.statements) == 1


def test_another_tenants_are_its_own(api: ApiClient, lake: Counted) -> None:
    directory = api.world.directory
    theirs = directory.tenant(TENANT).but(tenant="riverside")
    directory._records = (*directory._records, theirs)
    ask(api, BY_LANGUAGE)
    ask(api, f"{BY_LANGUAGE}&max-age=300", "stranger")
    ours, others = lake.statements
    assert f"'{TENANT}'" in ours
    assert "'riverside'" in others


def test_prices_that_came_since_are_not_passed_over(api: ApiClient, lake: Counted) -> None:
    cost = "/reports/volume?by=language"
    ask(api, cost)
    api.world.directory.contracts[Tenant("lakeside")] = [CONTRACT]
    ask(api, f"{cost}&max-age=300")
    assert len(lake.statements) == 2


def test_the_latest_of_yesterday_is_of_yesterdays_period(api: ApiClient, lake: Counted) -> None:
    today = ask(api, BY_LANGUAGE).body["period_to"]
    api.world.clock.move(timedelta(hours=23))
    kept = ask(api, f"{BY_LANGUAGE}&max-age=86400")
    assert (kept.body["period_to"], kept.headers["age"]) == (today, str(23 * 3600))
    assert len(lake.statements) == 1


def test_what_is_as_of_long_ago_is_nobodys_latest(api: ApiClient, lake: Counted) -> None:
    ago = (api.world.clock.now() - timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    ask(api, f"{BY_LANGUAGE}&as-of={ago}")
    ask(api, f"{BY_LANGUAGE}&max-age=86400")
    assert len(lake.statements) == 2


def test_a_long_one_that_was_waited_for_is_kept(api: ApiClient, lake: Counted) -> None:
    lake.is_slow = True
    look_at = ask(api, f"{BY_LANGUAGE}&max-age=300").headers["location"]
    lake.is_slow = False
    api.world.clock.move(timedelta(seconds=30))
    assert ask(api, look_at).headers["age"] == "30"
    assert ask(api, f"{BY_LANGUAGE}&max-age=300").headers["age"] == "30"
    assert len(lake.statements) == 1


def test_a_run_that_names_no_query_is_none(api: ApiClient, lake: Counted) -> None:
    assert ask(api, f"{BY_LANGUAGE}&run=,").status == 404
    assert lake.statements == []


class Down:
    """A store that does not answer."""

    def kept(self, tenant: Tenant, question: str) -> KeptRows | None:
        raise Retryable("down")

    def keep(self, tenant: Tenant, question: str, kept: KeptRows) -> None:
        raise Retryable("down")


def test_where_nothing_can_be_kept_all_is_counted(api: ApiClient, lake: Counted) -> None:
    given(api, "kept", KeptReports(Down()))
    for _ in range(2):
        assert ask(api, f"{BY_LANGUAGE}&max-age=300").status == 200
    assert len(lake.statements) == 2


def test_what_clocks_that_stray_kept_of_tomorrow_is_of_no_use(
    api: ApiClient, lake: Counted
) -> None:
    store = MemoryKeptRows()
    given(api, "kept", KeptReports(store))
    ask(api, BY_LANGUAGE)
    ahead = api.world.clock.now() + timedelta(minutes=5)
    for question, rows in store.rows.items():
        store.rows[question] = rows._replace(as_of=ahead)
    assert ask(api, f"{BY_LANGUAGE}&max-age=300").headers["age"] == "0"
    assert len(lake.statements) == 2


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("max-age=0", "from 1 to 86400"),
        ("max-age=86401", "from 1 to 86400"),
        ("max-age=5m", "in seconds"),
        ("max-age=-1", "in seconds"),
        ("max-age=%C2%B3", "in seconds"),
        ("max-age=60&as-of=2026-03-01T00:00:00Z", "not both"),
        ("max-age=60&since=2026-03-01T00:00:00Z", "not both"),
    ],
)
def test_an_age_that_is_none_says_how_it_is(api: ApiClient, query: str, says: str) -> None:
    reply = ask(api, f"/reports/volume?{query}")
    assert (reply.status, reply.code) == (400, "invalid-parameter")
    assert says in reply.says
