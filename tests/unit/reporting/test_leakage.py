"""Leakage by hand: outside, avoidable, overridden, elsewhere, unknown; and what each is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import Event, EventKind, OfferFacts
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.payers.vocabulary import PayerClass
from tests.unit.reporting.lakes import POLICY, a_request, rows, sample_events
from tests.unit.reporting.recount import referrals
from tests.unit.reporting.recounts import RECOUNTS
from tests.unit.simulation.days import a_whole_day

REQUEST = a_request()


def happy_path() -> list[Event]:
    """The events of a referral whose patient was seen."""
    day = a_whole_day()
    seen = next(r for r in day.referrals if r.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED)
    return list(day.events(seen))


def changed(*, network: bool | None, available: bool | None, override: str | None) -> list[Event]:
    """Return them with another performer."""
    found = []
    for event in happy_path():
        at: dict[str, Any] = {"network": network, "tier": 3, "specialty": "207RG0100X"}
        now = event.but(dimensions=event.dimensions.but(**at, payer_class=PayerClass.OTHER))
        if event.kind is EventKind.ROUTED:
            facts = OfferFacts(network_available=available, override=override)
            now = now.but(facts=facts)
        found.append(now)
    return found


def leaked(events: list[Event]) -> dict[str, Any]:
    (row,) = rows(DuckLake.of(events), "leakage", REQUEST)
    ones = referrals(events, REQUEST, POLICY)
    (again,) = RECOUNTS["leakage"](ones).values()
    assert again.items() <= row.items()
    return again


@pytest.mark.parametrize(
    ("network", "available", "override", "outside", "avoidable", "overridden"),
    [
        (True, True, None, 0, 0, 0),
        (False, True, None, 1, 1, 0),
        (False, False, None, 1, 0, 0),
        (False, None, None, 1, 0, 0),
        (False, True, "patient-preference", 1, 0, 1),
        (False, False, "clinical-judgement", 1, 0, 1),
    ],
)
def test_what_leaves_the_network_was_avoidable_or_not(
    *,
    network: bool,
    available: bool | None,
    override: str | None,
    outside: int,
    avoidable: int,
    overridden: int,
) -> None:
    found = leaked(changed(network=network, available=available, override=override))
    assert found == {
        "performed": 1,
        "outside": outside,
        "avoidable": avoidable,
        "overridden": overridden,
        "unknown": 0,
    }


def test_an_unknown_performer_is_neither_inside_nor_outside() -> None:
    found = leaked(changed(network=None, available=True, override=None))
    assert (found["performed"], found["outside"], found["unknown"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("network", "tier", "performed", "outside", "unknown"),
    [(None, None, 0, 0, 1), (False, 3, 1, 1, 0), (True, 2, 1, 0, 0)],
)
def test_care_received_elsewhere_is_leakage_where_it_is_known(
    *, network: bool | None, tier: int | None, performed: int, outside: int, unknown: int
) -> None:
    day = a_whole_day()
    gone = next(r for r in day.referrals if r.outcome is Outcome.CARE_RECEIVED_ELSEWHERE)
    events = [
        e.but(facts=e.facts.but(elsewhere_network=network, elsewhere_tier=tier))
        if e.kind is EventKind.CANCEL_REQUESTED
        else e
        for e in day.events(gone)
    ]
    found = leaked(events)
    assert (found["performed"], found["outside"], found["unknown"]) == (performed, outside, unknown)
    assert rows(DuckLake.of(events), "attrition", REQUEST) == []


@pytest.mark.parametrize(
    ("network", "performed", "unknown"), [(True, 1, 0), (None, 0, 1)], ids=["inside", "nobody"]
)
def test_what_ended_elsewhere_twice_counts_by_its_last_end(
    *, network: bool | None, performed: int, unknown: int
) -> None:
    # Given an end outside the network, a reopening, and another end inside it, or with nobody named
    day = a_whole_day()
    gone = next(r for r in day.referrals if r.outcome is Outcome.CARE_RECEIVED_ELSEWHERE)
    events = list(day.events(gone))
    place = next(n for n, e in enumerate(events) if e.kind is EventKind.CANCEL_REQUESTED)
    ended = events[place]
    closed = next(e for e in reversed(events) if e.kind is EventKind.CLOSED)
    events[place] = ended.but(facts=ended.facts.but(elsewhere_network=False, elsewhere_tier=3))
    tier = None if network is None else 2
    named = ended.facts.but(elsewhere_network=network, elsewhere_tier=tier)
    after = events[-1].version
    events += [
        closed.but(kind=EventKind.REOPENED, version=after + 1),
        ended.but(facts=named, version=after + 2),
        closed.but(version=after + 3),
    ]
    found = leaked(events)
    assert (found["performed"], found["outside"], found["unknown"]) == (performed, 0, unknown)


def test_revenue_is_the_tables_and_what_it_lacks_is_not_valued() -> None:
    events = changed(network=False, available=True, override=None)
    (row,) = rows(DuckLake.of(events), "leakage_revenue", REQUEST)
    assert (row["valued"], row["not_valued"], row["revenue"]) == (1, 0, Decimal("312.5"))

    other = [e.but(dimensions=e.dimensions.but(specialty="207N00000X")) for e in events]
    (row,) = rows(DuckLake.of(other), "leakage_revenue", REQUEST)
    assert (row["valued"], row["not_valued"], row["revenue"]) == (0, 1, None)


def test_the_reasons_are_those_recorded_at_routing() -> None:
    events = changed(network=False, available=True, override="patient-preference")
    (row,) = rows(DuckLake.of(events), "leakage_reasons", REQUEST)
    assert (row["reason"], row["outside"]) == ("patient-preference", 1)


def test_the_samples_route_with_the_network_at_hand() -> None:
    routed = [e for e in sample_events() if e.kind is EventKind.ROUTED]
    assert {e.facts.network_available for e in routed} <= {True, False}  # type: ignore[attr-defined]
    assert any(e.facts.network_available for e in routed)  # type: ignore[attr-defined]
