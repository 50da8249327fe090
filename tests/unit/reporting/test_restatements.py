"""Every difference between two runs is explained: the day, the figure, before, after and why."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from referral_core.domain.money.cost_ledger import price_lines
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.restatements import causes_of, restatements
from referral_core.reporting.result import Result, result_of
from referral_core.reports import definitions
from tests.unit.reporting.lakes import CONTRACT, LATER, POLICY, a_request, sample_lake

EARLIER = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
LIST = Policy(price_lines([price_book("us-east-1")]), (), POLICY.horizons)


def run(name: str, as_of: datetime, policy: Policy = POLICY) -> Result:
    figure, request = definitions()[name], a_request(as_of=as_of, by=("received_day",))
    return result_of(figure, request, sample_lake().query(compose(figure, request, policy)))


def restated(before: Result, after: Result, *books: Any) -> list[dict[str, Any]]:
    causes = sample_lake().query(causes_of(before.request, after.request, POLICY))
    found: list[dict[str, Any]] = list(restatements(before, after, causes, books)["restatements"])
    return found


def test_the_same_run_restates_nothing() -> None:
    assert restated(run("loop", LATER), run("loop", LATER)) == []


@pytest.mark.parametrize("name", ["loop", "completion", "cost"])
def test_before_and_the_differences_make_after(name: str) -> None:
    before, after = run(name, EARLIER), run(name, LATER)
    found = restated(before, after)
    columns = {c.name for c in after.figure.selected if c.kind in {"count", "money"}}
    for column in columns:
        was, now = (sum(r.values[column] or 0 for r in x.rows) for x in (before, after))  # type: ignore[misc] # numbers
        moved = [r for r in found if r["figure"].split()[0] == column]
        change = sum(type(now)(r["after"]) - type(now)(r["before"]) for r in moved)
        assert was + change == now


def test_a_difference_says_what_was_recorded_since() -> None:
    found = restated(run("completion", EARLIER), run("completion", LATER))
    seen = next(r for r in found if r["figure"] == "seen")
    assert date.fromisoformat(seen["day"]).month == 3
    assert "appointment-fulfilled" in seen["cause"] or "step-started" in seen["cause"]


def test_a_price_book_that_became_known_is_the_cause() -> None:
    late = CONTRACT.but(known_from=date(2026, 12, 1))
    lines = price_lines([price_book("us-east-1")], [late])
    known = Policy(lines, (), POLICY.horizons)
    found = restated(run("cost", LATER, LIST), run("cost", LATER, known), late)
    payer = [r for r in found if r["figure"] == "usd payer payer_transactions"]
    assert payer
    assert {r["before"] for r in payer} == {0}
    assert {r["cause"] for r in payer} == {"price book contract-1"}
