"""What no referral carries stands in the cost reports on a line of its own, to the unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy, common_tables
from referral_core.reporting.request import Basis, ReportRequest
from referral_core.reporting.rows import overhead_row, row_of
from referral_core.reports import definitions
from tests.unit.reporting.lakes import (
    CONTRACT,
    LATER,
    POLICY,
    TENANT,
    a_request,
    rows,
    sample_events,
)
from tests.unit.reporting.recount import Figures, One, referrals
from tests.unit.reporting.recounts import RECOUNTS
from tests.unit.reporting.test_recount import by_cut

HOUR: Final = timedelta(hours=1)
FIRST: Final = datetime(2026, 3, 2, 5, tzinfo=UTC)
"""When the second of March begins in New York."""
Said = tuple[datetime, Mapping[str, int], datetime]
USED: Final[Sequence[Said]] = (
    (FIRST - HOUR, {"lambda_ms": 1_000}, FIRST),  # the day before
    (FIRST, {"lambda_ms": 1_234, "other_calls": 7}, FIRST + HOUR),
    (FIRST, {"lambda_ms": 1_334, "other_calls": 8}, FIRST + 2 * HOUR),  # some of it came late
    (FIRST + HOUR, {"read_units": 3}, FIRST + 2 * HOUR),
    (FIRST + 9 * HOUR, {"lambda_ms": 10, "lambda_requests": 1}, FIRST + 10 * HOUR),
    (FIRST + 9 * HOUR, {"lambda_ms": 10, "lambda_requests": 1}, FIRST + 10 * HOUR),  # twice
    (FIRST + 40 * 24 * HOUR, {"states": 99}, FIRST + 41 * 24 * HOUR),  # after the period
)


def a_lake(used: Sequence[Said] = USED) -> DuckLake:
    lake = DuckLake()
    lake.put([row_of(event) for event in sample_events()])
    lake.put([overhead_row(TENANT, hour, units, at) for hour, units, at in used])
    return lake


def shares(
    used: Sequence[Said], ones: Sequence[One], request: ReportRequest, policy: Policy
) -> dict[tuple[str, str, Decimal | None], int]:
    """Recount: (referral, unit, price) → whole units; without referrals all of it is nobody's."""
    day_of = One([], request, policy).day
    last: dict[datetime, tuple[datetime, Mapping[str, int]]] = {}
    for hour, units, at in used:
        if at <= request.as_of and at >= last.get(hour, (at,))[0]:
            last[hour] = (at, units)
    total: dict[tuple[str, Decimal | None], int] = defaultdict(int)
    for hour, (_, units) in last.items():
        day = day_of(hour)
        if request.first_day <= day <= request.last_day:
            for unit, count in units.items():
                total[unit, priced(unit, day, policy)] += count
    received = sorted(
        (o for o in ones if o.is_received), key=lambda o: (o.events[0].at, o.now.referral_id)
    )
    found: dict[tuple[str, str, Decimal | None], int] = {}
    for (unit, price), count in total.items():
        for place, one in enumerate(received):
            due, before = (count * n // len(received) for n in (place + 1, place))
            found[one.now.referral_id, unit, price] = due - before
        if not received:
            found["", unit, price] = count
    return found


def priced(unit: str, day: date, policy: Policy) -> Decimal | None:
    lines = (line for line in policy.prices if line.unit == unit and line.from_day <= day)
    return next((x.usd for x in lines if x.until_day is None or day < x.until_day), None)


def check(
    request: ReportRequest, used: Sequence[Said] = USED, policy: Policy = POLICY
) -> Mapping[str, Decimal]:
    """Compare both cost reports with their recount; return the overhead's dollars by unit."""
    lake, ones = a_lake(used), referrals(sample_events(), request, policy)
    lines: Figures = dict(RECOUNTS["cost"](ones))
    whole: Figures = {cut: dict(row) for cut, row in RECOUNTS["cost_per_referral"](ones).items()}
    found: dict[str, Decimal] = defaultdict(Decimal)
    cuts = {one.now.referral_id: one.cuts for one in ones}
    for (referral, unit, price), count in shares(used, ones, request, policy).items():
        cut = cuts.get(referral, (None, None, None))
        usd = price * count if price is not None else None
        line = lines.setdefault(
            (*cut, "overhead", unit), {"units": 0, "not_priced": 0, "usd": None}
        )
        line["units"] += count
        line["not_priced"] += count if usd is None else 0
        line["usd"] = line["usd"] if usd is None else (line["usd"] or 0) + usd
        row = whole.setdefault(cut, empty(whole))
        row["not_priced"] += count if usd is None else 0
        row["overhead"] = row["overhead"] if usd is None else (row["overhead"] or 0) + usd
        row["total"] += usd or 0
        found[unit] += usd or 0
    lines = {place: line for place, line in lines.items() if line["units"]}
    assert by_cut("cost", rows(lake, "cost", request, policy)) == lines
    assert by_cut("cost_per_referral", rows(lake, "cost_per_referral", request, policy)) == whole
    return found


def empty(of: Figures) -> dict[str, Any]:
    names = {c.name for c in definitions()["cost_per_referral"].selected}
    return {**dict.fromkeys(names, Decimal(0)), "overhead": None}


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("by", [(), ("pathway",), ("payer", "received_day")])
def test_overhead_is_shared_out_to_the_unit(basis: Basis, by: tuple[str, ...]) -> None:
    found = check(a_request(basis=basis, by=by, first_day=date(2026, 3, 2)))
    price = {line.unit: line.usd for line in POLICY.prices}
    assert found["lambda_ms"] == price["lambda_ms"] * (1_334 + 10)
    assert found["other_calls"] == 0, "it has no price, and is named"


def test_as_of_an_earlier_instant_what_came_late_is_not_known() -> None:
    found = check(a_request(first_day=date(2026, 3, 2), as_of=FIRST + HOUR))
    price = {line.unit: line.usd for line in POLICY.prices}
    assert found == {"lambda_ms": price["lambda_ms"] * 1_234, "other_calls": 0}


def test_an_hour_is_priced_by_the_book_in_force_then() -> None:
    cheap = CONTRACT.but(
        version="lambda",
        valid_from=date(2026, 3, 2),
        valid_to=date(2026, 3, 2),
        prices={"lambda_ms": {"usd": "0.5", "source": "a contract"}},
        staff=None,
    )
    policy = Policy(price_lines([price_book("us-east-1")], [cheap]), (), POLICY.horizons)
    used = [*USED, (FIRST + 30 * HOUR, {"lambda_ms": 100}, FIRST + 31 * HOUR)]
    found = check(a_request(), used, policy)
    listed = price_book("us-east-1").price("lambda_ms") or 0
    assert found["lambda_ms"] == Decimal("0.5") * 1_344 + listed * 1_100


def test_where_nobody_was_received_it_stands_alone() -> None:
    used = [(FIRST + 40 * 24 * HOUR, {"states": 99, "other_calls": 2}, LATER)]
    day = date(2026, 4, 11)
    found = check(a_request(first_day=day, last_day=day), used)
    assert found["states"] == 99 * Decimal("0.000025")


def test_no_other_figure_counts_it() -> None:
    request = a_request(basis=Basis.ACTIVITY, by=("pathway",))
    without, with_it = a_lake(()), a_lake()
    for name in definitions().keys() - {"cost", "cost_per_referral"}:
        assert rows(with_it, name, request) == rows(without, name, request), name


def test_nor_is_it_among_the_events() -> None:
    head = common_tables(a_request(), POLICY)
    counted = f"{head} SELECT count(*), count(referral_id) FROM events"  # noqa: S608 - our own
    ((events, of_referrals),) = a_lake().query(counted)
    assert events == of_referrals > 0


def test_one_referrals_cost_has_no_share_of_it() -> None:
    one = sample_events()[0].referral_id
    request = a_request(referral=one)
    assert {r["part"] for r in rows(a_lake(), "cost", request)}.isdisjoint({"overhead"})
