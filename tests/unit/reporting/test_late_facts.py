"""What comes late changes an earlier day's figures, and the list of restatements says why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Status
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.money.price_book import RevenueTable
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.request import ReportRequest
from referral_core.reporting.restatements import Contract, causes_of, restatements
from referral_core.reporting.result import Result, result_of
from referral_core.reporting.rows import overhead_row
from referral_core.reports import definitions
from referral_core.reports.definition import ADDED
from tests.unit.reporting.lakes import CONTRACT, LATER, POLICY, REVENUE, TENANT, a_request
from tests.unit.reporting.recount import referrals
from tests.unit.reporting.recounts import RECOUNTS
from tests.unit.reporting.test_leakage import changed, happy_path
from tests.unit.simulation.days import a_whole_day

K = EventKind
A_WEEK: Final = timedelta(days=7)
Restated = list[dict[str, Any]]


def kind_of(events: list[Event], kind: EventKind) -> Event:
    return next(e for e in events if e.kind is kind)


def late(events: list[Event], first: Event, by: timedelta = A_WEEK) -> list[Event]:
    """Return the events with one of them, and all that followed it, so much later."""
    return [e.but(at=e.at + by) if e.version >= first.version else e for e in events]


def with_before(events: list[Event], place: Event, kind: EventKind, **fields: Any) -> list[Event]:
    """Return the events with one more before another, an hour earlier."""
    facts = dict(iter(place.facts))
    more = place.but(kind=kind, facts=facts, at=place.at - timedelta(hours=1), **fields)
    moved = [e.but(version=e.version + 1) if e.version >= place.version else e for e in events]
    return sorted([*moved, more], key=lambda e: e.version)


def run(name: str, events: list[Event], as_of: datetime, policy: Policy = POLICY) -> Result:
    request = a_request(as_of=as_of, by=("received_day",))
    figure = definitions()[name]
    asked = DuckLake.of(events).query(compose(figure, request, policy))
    return result_of(figure, request, asked)


def numbers(result: Result) -> dict[str, Any]:
    """Return what can be added of all rows."""
    return {c.name: result.totals[c.name] for c in result.figure.selected if c.kind in ADDED}


def restated(
    events: list[Event], before: Result, after: Result, *known: Contract
) -> dict[str, dict[str, Any]]:
    """Return the restatements by figure, having checked that they explain every difference."""
    rows = DuckLake.of(events).query(causes_of(before.request, after.request, POLICY))
    found: Restated = list(restatements(before, after, rows, known)["restatements"])
    was, now = numbers(before), numbers(after)
    for name, value in now.items():
        moved = [r for r in found if r["figure"].split()[0] == name]
        change = sum(Decimal(str(r["after"])) - Decimal(str(r["before"])) for r in moved)
        assert (was.get(name) or 0) + change == value, name
    return {r["figure"]: r for r in found}


def test_a_late_report_restates_the_day_its_referral_came() -> None:
    events = happy_path()
    report = kind_of(events, K.REPORT_RECEIVED)
    events = late(events, report)
    day_before = report.at + A_WEEK - timedelta(days=1)
    before, after = (run("cms50_patients", events, at) for at in (day_before, LATER))
    assert [numbers(r)["closed"] for r in (before, after)] == [0, 1]
    closed = restated(events, before, after)["closed"]
    assert closed["day"] == before.rows[0].values["received_day"].isoformat()  # type: ignore[union-attr] # a day
    assert "report-received" in closed["cause"]


@pytest.mark.parametrize("name", ["loop", "cms50", "completion", "aging", "cost", "touches"])
def test_every_figure_as_of_then_is_the_recount_of_what_was_known_then(name: str) -> None:
    events = happy_path()
    report = kind_of(events, K.REPORT_RECEIVED)
    events = late(events, report)
    then = report.at + A_WEEK - timedelta(days=1)
    before = run(name, events, then)
    known = [e for e in events if e.at <= then]
    again = RECOUNTS[name](referrals(known, before.request, POLICY))
    counted = {c.name for c in before.figure.columns if c.kind in ADDED}
    added = {n: sum(row[n] for row in again.values()) for n in counted}
    assert added == {n: before.totals[n] for n in counted}
    restated(events, before, run(name, events, LATER))


def test_a_visit_first_reported_as_missed_is_counted_once_as_it_is_amended() -> None:
    events = happy_path()
    kept = kind_of(events, K.APPOINTMENT_FULFILLED)
    events = with_before(events, kept, K.APPOINTMENT_NOSHOW, to_status=Status.NOSHOW)
    between = kept.at - timedelta(minutes=30)
    before, after = (run("no_show", events, at) for at in (between, LATER))
    assert numbers(before) == {"appointments": 1, "no_shows": 1}
    assert numbers(after) == {"appointments": 1, "no_shows": 0}
    assert "appointment-fulfilled" in restated(events, before, after)["no_shows"]["cause"]


def test_a_visit_missed_and_another_kept_are_two() -> None:
    events = happy_path()
    kept = kind_of(events, K.APPOINTMENT_FULFILLED)
    events = with_before(events, kept, K.APPOINTMENT_NOSHOW, to_status=Status.NOSHOW)
    other = [
        e.but(facts=e.facts.but(appointment=7)) if e.kind is K.APPOINTMENT_NOSHOW else e
        for e in events
    ]
    assert numbers(run("no_show", other, LATER)) == {"appointments": 2, "no_shows": 1}


def test_a_report_that_is_withdrawn_is_taken_out_of_the_measure_again() -> None:
    events = happy_path()
    report = kind_of(events, K.REPORT_RECEIVED)
    until = [e for e in events if e.version <= report.version]
    withdrawn = report.but(
        kind=K.REPORT_INSUFFICIENT,
        facts=dict(iter(report.facts)),
        version=report.version + 1,
        at=report.at + A_WEEK,
        from_status=Status.REPORT_RECEIVED,
        to_status=Status.SEEN_AWAITING_REPORT,
    )
    both = [*until, withdrawn]
    before, after = (run("cms50", both, at) for at in (report.at, LATER))
    assert [numbers(r)["numerator"] for r in (before, after)] == [1, 0]
    assert "report-insufficient" in restated(both, before, after)["numerator"]["cause"]


def test_a_price_book_that_becomes_known_later_prices_the_days_before() -> None:
    events = happy_path()
    known = CONTRACT.but(known_from=date(2026, 12, 1))
    lists = [price_book("us-east-1")]
    old = Policy(price_lines(lists, [known], date(2026, 11, 30)), (), POLICY.horizons)
    new = Policy(price_lines(lists, [known], date(2026, 12, 1)), (), POLICY.horizons)
    before, after = (run("cost", events, LATER, policy) for policy in (old, new))
    found = restated(events, before, after, known)
    asked = found["usd payer payer_transactions"]
    assert (asked["before"], asked["cause"]) == (0, "price book contract-1")
    assert Decimal(asked["after"]) == Decimal("0.25") * kind_count(events, "payer_transactions")
    assert found["not_priced payer payer_transactions"]["after"] == 0


def test_a_revenue_table_that_becomes_known_later_is_the_cause_too() -> None:
    events = changed(network=False, available=True, override=None)
    known: RevenueTable = REVENUE.but(known_from=date(2026, 12, 1))
    without = Policy(POLICY.prices, (), POLICY.horizons)
    with_it = Policy(POLICY.prices, (known,), POLICY.horizons)
    before, after = (run("leakage_revenue", events, LATER, p) for p in (without, with_it))
    found = restated(events, before, after, known)
    assert found["valued"]["cause"] == "revenue table revenue-1"
    assert found["not_valued"]["after"] == 0


def test_time_alone_ages_what_is_open() -> None:
    day = a_whole_day()
    waits = next(r for r in day.referrals if not r.is_closed)
    events = list(day.events(waits))
    last = events[-1].at
    before, after = (run("aging", events, at) for at in (last, last + timedelta(days=20)))
    causes = {r["cause"] for r in restated(events, before, after).values()}
    assert causes == {"time passed"}


@pytest.mark.parametrize("name", ["cost", "completion"])
def test_overhead_that_comes_late_is_the_cause_where_it_is_shared_out_and_nowhere_else(
    name: str,
) -> None:
    events = happy_path()
    hour, last = events[0].at, events[-1].at
    lake = DuckLake.of(events)
    lake.put([overhead_row(TENANT, hour, {"lambda_ms": 9}, last + timedelta(hours=1))])
    figure = definitions()[name]
    requests = [a_request(as_of=at, by=("received_day",)) for at in (last, LATER)]
    before, after = (
        result_of(figure, one, lake.query(compose(figure, one, POLICY))) for one in requests
    )
    recorded = lake.query(causes_of(*requests, POLICY))
    found: Restated = list(restatements(before, after, recorded, ())["restatements"])
    causes = {r["figure"]: r["cause"] for r in found}
    assert ("units overhead lambda_ms" in causes) is (name == "cost")
    said = {cause for cause in causes.values() if "overhead" in cause}
    assert said == ({"recorded since: 1 overhead"} if name == "cost" else set())


# --- the measure by patient ---------------------------------------------------------------------


def referral_of(patient: str | None, number: int, *, reported: bool) -> list[Event]:
    """Return a happy path of a patient, authored so many days late, perhaps without its report."""
    events = happy_path()
    report = kind_of(events, K.REPORT_RECEIVED)
    if not reported:
        events = [e for e in events if e.version < report.version]
    moved = [
        e.but(referral_id=f"{number:032x}", outcome=None if not reported else e.outcome)
        for e in events
    ]
    first = moved[0]
    authored = first.facts.authored_at + timedelta(hours=number)  # type: ignore[attr-defined] # of intake
    facts = {**dict(iter(first.facts)), "patient": patient, "authored_at": authored}
    return [first.but(facts=facts), *moved[1:]]


def by_patient(*events: list[Event]) -> tuple[int, int]:
    whole = [e for one in events for e in one]
    request: ReportRequest = a_request(as_of=LATER)
    figure = definitions()["cms50_patients"]
    ((_, _, _, patients, closed, *_),) = DuckLake.of(whole).query(compose(figure, request, POLICY))
    (again,) = RECOUNTS["cms50_patients"](referrals(whole, request, POLICY)).values()
    assert again == {"patients": patients, "closed": closed}
    return patients, closed


def test_a_patient_counts_once_by_the_first_referral() -> None:
    first, second = (referral_of("p", n, reported=n == 1) for n in (1, 2))
    assert by_patient(first, second) == (1, 1)
    assert by_patient(second) == (1, 0)


def test_a_second_referral_that_closed_does_not_count() -> None:
    first, second = (referral_of("p", n, reported=n == 2) for n in (1, 2))
    assert by_patient(second, first) == (1, 0)


def test_whom_an_order_does_not_name_is_a_patient_of_its_own() -> None:
    assert by_patient(*(referral_of(None, n, reported=True) for n in (1, 2))) == (2, 2)


def test_the_events_of_intake_tell_patients_apart_and_name_none() -> None:
    day = a_whole_day()
    said = [day.events(r)[0].facts.patient for r in day.referrals]  # type: ignore[attr-defined] # of intake
    told = [p for p in said if p]
    assert told
    assert all(len(p.rpartition(".")[2]) == 64 for p in told)


def kind_count(events: list[Event], unit: str) -> int:
    return sum(e.metered.get(unit, 0) for e in events)
