"""Where days, months, years, prices and histories meet: every figure equals its recount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.money.price_book import PriceBook
from referral_core.domain.payers.vocabulary import PayerClass
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy
from referral_core.reporting.request import Basis, ReportRequest, begins, local_day
from referral_core.reporting.rows import overhead_row
from tests.simulation.recounted import EVERY_CUT, Recounted
from tests.unit.reporting.lakes import CONTRACT, POLICY, ZONE, a_request, rows
from tests.unit.reporting.recount import occurred
from tests.unit.simulation.days import a_whole_day

K = EventKind
A_MOMENT: Final = timedelta(microseconds=1)
A_DAY: Final = timedelta(days=1)
ANCHORS: Final = (K.RECEIVED, K.APPOINTMENT_BOOKED, K.APPOINTMENT_FULFILLED, K.CLOSED)
BY_KIND: Final = ((), ("pathway", "received_day"))


@cache
def happy_path() -> tuple[Event, ...]:
    """The events of a referral whose patient was seen."""
    day = a_whole_day()
    seen = next(r for r in day.referrals if r.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED)
    return tuple(day.events(seen))


def moved(events: Iterable[Event], by: timedelta, number: int) -> list[Event]:
    """Return a referral's events so much later, with all times that they state, as another's."""

    def later(value: Any) -> Any:
        return value + by if isinstance(value, datetime) else value

    return [
        e.but(
            referral_id=f"{number:032x}",
            at=e.at + by,
            facts={name: later(value) for name, value in e.facts},
        )
        for e in events
    ]


def around(zone: str, first: date, last: date) -> list[Event]:
    """Return referrals of which something happened at each side of each border of a period."""
    edges = (begins(first, zone), begins(last + A_DAY, zone))
    found: list[Event] = []
    for number, kind in enumerate(ANCHORS):
        anchor = occurred(next(e for e in happy_path() if e.kind is kind))
        for place, at in enumerate(at for edge in edges for at in (edge - A_MOMENT, edge)):
            found += moved(happy_path(), at - anchor, 10 * number + place)
    return found


def wrong(
    events: Sequence[Event],
    request: ReportRequest,
    policy: Policy = POLICY,
    cuts: Sequence[Sequence[str]] = BY_KIND,
) -> list[str]:
    return Recounted(DuckLake.of(events), events, policy).wrong(request, cuts)


def told(
    events: Sequence[Event], name: str, request: ReportRequest, policy: Policy = POLICY
) -> dict[str, Any]:
    (row,) = rows(DuckLake.of(events), name, request, policy)
    return row


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize(
    ("zone", "first", "last", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), date(2026, 11, 1), 25),
        ("America/New_York", date(2025, 12, 31), date(2025, 12, 31), 24),
        ("Pacific/Kiritimati", date(2026, 2, 1), date(2026, 2, 28), 28 * 24),
        ("Asia/Kolkata", date(2026, 1, 31), date(2026, 1, 31), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), date(2026, 4, 5), 24.5),
    ],
    ids=["23h", "25h", "year", "month-east", "half-hour", "half-an-hour-back"],
)
def test_at_the_borders_of_the_tenants_days(
    zone: str, first: date, last: date, hours: float, basis: Basis
) -> None:
    length = begins(last + A_DAY, zone) - begins(first, zone)
    assert length == timedelta(hours=hours)
    events = around(zone, first, last)
    request = a_request(time_zone=zone, first_day=first, last_day=last, basis=basis)
    assert wrong(events, request) == []
    received = [e for e in events if e.kind is K.RECEIVED]
    inside = sum(begins(first, zone) <= e.at < begins(last + A_DAY, zone) for e in received)
    assert told(events, "volume", request)["received"] == inside >= 2


def still_open() -> list[Event]:
    """Return a referral that was booked, and of which nothing was heard since."""
    booked = next(e for e in happy_path() if e.kind is K.APPOINTMENT_BOOKED)
    return [e for e in happy_path() if e.version <= booked.version]


@pytest.mark.parametrize(("before", "immature"), [(A_MOMENT, 1), (timedelta(0), 0)])
def test_a_cohort_is_immature_until_the_day_of_its_horizon_begins(
    before: timedelta, immature: int
) -> None:
    events = still_open()
    days = POLICY.horizons[events[-1].dimensions.pathway]
    matures = begins(local_day(events[0].at, ZONE) + days * A_DAY, ZONE)
    request = a_request(as_of=matures - before)
    assert wrong(events, request) == []
    row = told(events, "loop", request)
    assert (row["immature"], row["overaged"]) == (immature, 1 - immature)


def contract(version: str, usd: str, **valid: Any) -> PriceBook:
    prices = {n: {"usd": usd, "source": version} for n in ("payer_transactions", "letters")}
    told_of = {"version": version, "prices": prices, "staff": None, **valid}
    return PriceBook.model_validate({**CONTRACT.model_dump(), **told_of})


def policy_of(*books: PriceBook, known_on: date = date.max) -> Policy:
    return Policy(price_lines([price_book("us-east-1")], books, known_on), (), POLICY.horizons)


@cache
def bought() -> tuple[Event, ...]:
    """The happy path, with a transaction with the payer before and after the border of a day."""
    first = happy_path()[0]
    border = begins(local_day(first.at, ZONE) + A_DAY, ZONE)
    found = [e.but(metered={**e.metered, "payer_transactions": 0}) for e in happy_path()]
    near = [found[0].but(at=border - 2 * A_MOMENT), *found[1:]]
    sides = (border - A_MOMENT, border)
    twice = [
        e.but(at=at, metered={"payer_transactions": 3})
        for e, at in zip(near[1:3], sides, strict=True)
    ]
    late = max(border - near[3].at, timedelta(0)) + A_MOMENT
    return (near[0], *twice, *(e.but(at=e.at + late) for e in near[3:]))


@pytest.mark.parametrize("basis", Basis)
def test_a_price_that_changes_in_the_middle_of_a_referral(basis: Basis) -> None:
    events = bought()
    border = local_day(events[2].at, ZONE)
    old = contract("old", "0.25", valid_to=border - A_DAY)
    new = contract("new", "0.37", valid_from=border)
    request = a_request(basis=basis, last_day=date(2026, 6, 30))
    assert wrong(events, request, policy_of(old, new)) == []
    usd = 3 * (Decimal("0.25") + Decimal("0.37"))
    assert told(events, "cost_per_referral", request, policy_of(old, new))["payer"] == usd


def test_a_day_between_two_contracts_is_not_priced() -> None:
    events = bought()
    border = local_day(events[2].at, ZONE)
    gap = policy_of(contract("old", "0.25", valid_to=border - A_DAY))
    request = a_request(last_day=date(2026, 6, 30))
    assert wrong(events, request, gap) == []
    row = told(events, "cost_per_referral", request, gap)
    assert row["payer"] == 3 * Decimal("0.25")
    assert row["not_priced"] >= 3


def test_a_credit_is_a_book_that_lowers_days_that_were_priced() -> None:
    """A price below nothing is refused; what a payer gives back is a lower price of those days."""
    events, request = bought(), a_request(last_day=date(2026, 6, 30))
    dear, credit = contract("dear", "0.40"), contract("credit", "0.15", known_from=date(2026, 6, 1))
    totals = []
    for known_on in (date(2026, 5, 31), date(2026, 6, 1)):
        policy = policy_of(dear, credit, known_on=known_on)
        assert wrong(events, request, policy) == []
        totals.append(told(events, "cost_per_referral", request, policy)["total"])
    assert totals[1] - totals[0] == 6 * (Decimal("0.15") - Decimal("0.40"))
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        contract("below", "-0.10")


def reopened(events: Sequence[Event]) -> list[Event]:
    """Return a referral that closed, was opened again a month later and closed otherwise."""
    closed = next(e for e in reversed(events) if e.kind is K.CLOSED)
    month, version = timedelta(days=31), events[-1].version
    again = closed.but(
        kind=K.REOPENED,
        version=version + 1,
        at=closed.at + month,
        from_status=Status.CLOSED,
        to_status=Status.SEEN_AWAITING_REPORT,
        outcome=None,
        facts={},
    )
    facts = closed.facts.but(loop_closed=False)
    return [*events, again, closed.but(version=version + 2, at=again.at + A_DAY, facts=facts)]


def amended(events: Sequence[Event]) -> list[Event]:
    """Return a referral whose visit was first said to be missed."""
    kept = next(e for e in events if e.kind is K.APPOINTMENT_FULFILLED)
    missed = kept.but(kind=K.APPOINTMENT_NOSHOW, at=kept.at - A_MOMENT, to_status=Status.NOSHOW)
    after = [e.but(version=e.version + 1) for e in events if e.version >= kept.version]
    return [*(e for e in events if e.version < kept.version), missed, *after]


def changed(events: Sequence[Event]) -> list[Event]:
    """Return a referral whose payer and specialty are others since its booking."""
    booked = next(e for e in events if e.kind is K.APPOINTMENT_BOOKED)
    other = {"payer": "other", "payer_class": PayerClass.MEDICAID, "specialty": "207N00000X"}
    return [
        e.but(dimensions=e.dimensions.but(**other)) if e.version >= booked.version else e
        for e in events
    ]


HISTORIES: Final[dict[str, Callable[[Sequence[Event]], list[Event]]]] = {
    "reopened": reopened,
    "amended": amended,
    "changed": changed,
}


@cache
def odd_histories() -> tuple[Event, ...]:
    """A referral of each odd kind, one as usual, and one that is open."""
    kinds = (list, *HISTORIES.values())
    found = [
        e
        for n, history in enumerate(kinds)
        for e in moved(history(happy_path()), n * A_DAY, 100 + n)
    ]
    return (*found, *moved(still_open(), timedelta(0), 200))


@pytest.mark.parametrize("basis", Basis)
def test_odd_histories_are_counted_as_they_are_and_every_cut_adds_up(basis: Basis) -> None:
    request = a_request(basis=basis, last_day=date(2026, 3, 12))
    assert wrong(odd_histories(), request, cuts=EVERY_CUT) == []


def test_what_was_reopened_counts_by_its_last_end() -> None:
    events, month = HISTORIES["reopened"](happy_path()), a_request(basis=Basis.ACTIVITY)
    row = told(events, "loop", month.but(last_day=date(2026, 12, 31)))
    assert (row["closed"], row["loop_closed"]) == (1, 0)
    closed = local_day(next(e for e in events if e.kind is K.CLOSED).at, ZONE)
    assert rows(DuckLake.of(events), "loop", month.but(first_day=closed, last_day=closed)) == []


def test_what_a_referral_is_now_it_is_in_every_period() -> None:
    events = HISTORIES["changed"](happy_path())
    first = local_day(events[0].at, ZONE)
    request = a_request(by=("payer",), first_day=first, last_day=first, basis=Basis.ACTIVITY)
    assert told(events, "volume", request)["cut_1"] == "other"


@pytest.mark.parametrize("basis", Basis)
def test_of_no_referral_and_of_one(basis: Basis) -> None:
    quiet = a_request(basis=basis, first_day=date(2025, 7, 1), last_day=date(2025, 7, 31))
    assert wrong(happy_path(), quiet) == []
    assert rows(DuckLake.of(happy_path()), "volume", quiet) == []
    assert wrong((), quiet) == []
    assert wrong(happy_path(), a_request(basis=basis)) == []


def test_overhead_tells_no_number_of_patients_that_another_figure_hides() -> None:
    """Three of the period among twenty of before: a share by those received would be a tenth."""
    few = [moved(happy_path(), timedelta(0), n) for n in range(1, 4)]
    few += [moved(happy_path(), -2 * A_DAY, n) for n in range(4, 24)]
    many = [moved(happy_path(), timedelta(0), n) for n in range(101, 128)]
    spoken = [
        e.but(dimensions=e.dimensions.but(language=language))
        for language, ones in (("es", few), ("en", many))
        for one in ones
        for e in one
    ]
    at = happy_path()[0].at
    first = local_day(at, ZONE)
    lake = DuckLake.of(spoken)
    lake.put([overhead_row(spoken[0].tenant, at, {"lambda_ms": 50_000}, at + timedelta(hours=2))])
    request = a_request(basis=Basis.ACTIVITY, by=("language",), first_day=first)
    found = {
        row["cut_1"]: row["units"]
        for row in rows(lake, "cost", request)
        if row["part"] == "overhead"
    }
    assert found == {"es": 23_000, "en": 27_000}, "by the people behind each"
