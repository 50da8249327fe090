"""Every figure, by both bases and several cuts, equals the recount from the events to the cent."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from referral_core.domain.events import Event
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy
from referral_core.reporting.request import Basis, ReportRequest
from referral_core.reports import definitions
from referral_core.reports.definition import ADDED, ColumnKind
from tests.unit.reporting.lakes import POLICY, a_request, rows, sample_events, sample_lake
from tests.unit.reporting.recount import Figures, referrals, with_maturity
from tests.unit.reporting.recounts import RECOUNTS

ASKED = a_request(basis=Basis.ACTIVITY, by=("payer", "kind"))


def by_cut(name: str, found: list[dict[str, Any]]) -> Figures:
    """Index rows by their cuts and their texts."""
    texts = [c.name for c in definitions()[name].selected if c.kind is ColumnKind.TEXT]
    keys = [
        "cut_1",
        "cut_2",
        "cut_3",
        *(t for t in texts if name != "referrals" or t == "referral_id"),
    ]
    return {tuple(r[k] for k in keys): {k: v for k, v in r.items() if k not in keys} for r in found}


def recounted(name: str, events: tuple[Event, ...], request: ReportRequest) -> Figures:
    ones = referrals(events, request, POLICY)
    found = RECOUNTS[name](ones)
    return with_maturity(found, ones) if definitions()[name].matures else found


def test_every_figure_is_recounted() -> None:
    assert set(RECOUNTS) == set(definitions())


@pytest.mark.parametrize("name", sorted(RECOUNTS))
def test_a_figure_equals_its_recount(name: str) -> None:
    found = by_cut(name, rows(sample_lake(), name, ASKED))
    assert found == recounted(name, sample_events(), ASKED)


@pytest.mark.parametrize("by", [(), ("payer", "kind")])
def test_a_part_of_which_nothing_has_a_price_does_not_look_free(by: tuple[str, ...]) -> None:
    """Without a contract nobody knows what the payer, letters and staff cost."""
    asked, without = (
        a_request(by=by),
        Policy(price_lines([price_book("us-east-1")]), (), POLICY.horizons),
    )
    found = by_cut("cost_per_referral", rows(sample_lake(), "cost_per_referral", asked, without))
    ones = referrals(sample_events(), asked, without)
    assert found == RECOUNTS["cost_per_referral"](ones)
    if not by:
        (row,) = found.values()
        assert row["not_priced"] > 0
        assert [row[part] for part in ("payer", "letters", "staff")] == [None] * 3
        assert row["total"] == row["cloud"] + row["messages"] > 0


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("name", ["volume", "cost", "no_show", "aging"])
def test_behind_each_row_about_patients_stand_the_referrals_that_count(
    name: str, basis: Basis
) -> None:
    asked = a_request(basis=basis, by=("language", "pathway"), last_day=date(2026, 3, 6))
    behind: Counter[tuple[Any, ...]] = Counter()
    for one in referrals(sample_events(), asked, POLICY):
        if one.is_received or one.is_open or any(one.happened()):
            behind[one.cuts] += 1
    found = rows(sample_lake(), name, asked)
    assert found
    for row in found:
        cuts = tuple(row[f"cut_{n}"] for n in (1, 2, 3))
        assert row["people"] == behind[cuts], cuts


@pytest.mark.parametrize("name", ["loop", "cost", "leakage", "authorization", "touches"])
def test_sums_over_cuts_equal_the_total(name: str) -> None:
    added = [c.name for c in definitions()[name].selected if c.kind in ADDED]

    def total(request: ReportRequest) -> dict[str, Any]:
        found = rows(sample_lake(), name, request)
        return {n: sum((r[n] or 0 for r in found), Decimal(0)) for n in added}

    assert total(a_request()) == total(a_request(by=("specialty", "performer", "received_day")))
