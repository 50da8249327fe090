"""The solver of bid prices: instances solved by hand, and what duality says of every instance."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.routing.min_cost_flow import match_costs, optimum
from referral_core.domain.routing.market import Expected, Market, drawn_future
from referral_core.domain.routing.matching import CostModel, Demand, Service

HERE = (42.0, -71.5)
COSTS = CostModel(tiers=(0.0, 10.0, 50.0))


def a_market(seed: int, referrals: int, services: int = 3, weeks: int = 2) -> Market:
    rng = Random(seed)  # noqa: S311 - dice

    def spot() -> tuple[float, float]:
        return 42 + rng.randint(0, 9) / 20, -71.5 + rng.randint(0, 9) / 20

    members = [
        Service(
            f"s{n}",
            "cardiology",
            spot(),
            {p: rng.randint(1, 2) for p in "ab" if rng.random() < 0.6},
            frozenset(rng.sample(("en", "es"), rng.randint(1, 2))),
        )
        for n in range(services)
    ]
    expected = [
        Expected(
            Demand(
                "cardiology",
                rng.choice("ab"),
                spot(),
                rng.choice(("en", "es")),
                urgent=rng.random() < 0.3,
            ),
            rng.randrange(weeks),
        )
        for _ in range(referrals)
    ]
    places = {s.id: [rng.randint(0, 2) for _ in range(weeks)] for s in members}
    return Market(members, places, expected)


def cost_in(market: Market, expected: Expected, place: tuple[str, int] | None) -> float:
    if place is None:
        return market.costs.unassigned
    service = next(s for s in market.services if s.id == place[0])
    waited = place[1] - expected.week
    return (
        market.costs.of(expected.demand, service)
        + market.costs.waits(expected.demand, waited + 1)[waited]
    )


def test_the_scarce_place_goes_to_who_minds_most() -> None:
    """One place here, two there. The first referral minds going there by 10, the second by 50."""
    here = Service("here", "cardiology", HERE, {"a": 1, "b": 1})
    there = Service("there", "cardiology", HERE, {"a": 2})
    referrals = [Expected(Demand("cardiology", payer, HERE), 0) for payer in ("a", "b")]
    market = Market([here, there], {"here": [1], "there": [2]}, referrals, COSTS)
    assert optimum(market).chosen == [("there", 0), ("here", 0)]
    assert optimum(market).cost == pytest.approx(10.0)


def test_the_urgent_one_has_the_first_week() -> None:
    one = Service("one", "cardiology", HERE, {"a": 1})
    referrals = [
        Expected(Demand("cardiology", "a", HERE, urgent=urgent), 0) for urgent in (False, True)
    ]
    market = Market([one], {"one": [1, 1, 1]}, referrals)
    assert optimum(market).chosen == [("one", 1), ("one", 0)]


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_optimum_is_what_trying_everything_finds(seed: int, referrals: int) -> None:
    market = a_market(seed, referrals, services=2)
    slots = [(s.id, week) for s in market.services for week in range(2)]
    found = optimum(market)
    least = float("inf")
    for tried in product([None, *slots], repeat=referrals):
        fits = all(tried.count(slot) <= market.places[slot[0]][slot[1]] for slot in slots)
        in_time = all(
            place is None or place[1] >= e.week
            for place, e in zip(tried, market.expected, strict=True)
        )
        if fits and in_time:
            pairs = zip(market.expected, tried, strict=True)
            least = min(least, sum(cost_in(market, e, place) for e, place in pairs))
    pairs = zip(market.expected, found.chosen, strict=True)
    assert found.cost == pytest.approx(least, abs=0.01)
    assert sum(cost_in(market, e, place) for e, place in pairs) == pytest.approx(least, abs=0.01)
    assert all(found.chosen.count(s) <= market.places[s[0]][s[1]] for s in slots)


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_solver_counts_the_same_costs_as_the_decision(seed: int) -> None:
    market = a_market(seed, referrals=4)
    for row, expected in zip(match_costs(market), market.expected, strict=True):
        costs = [market.costs.of(expected.demand, s) for s in market.services]
        assert list(row) == pytest.approx(costs)


@pytest.mark.parametrize(("came", "size"), [(100, 40), (0, 13), (250, 80)])
def test_a_drawn_future_follows_the_rate_at_which_referrals_come(came: int, size: int) -> None:
    """A hundred were expected by now, and forty more are; fifty count for the forecast."""
    past = a_market(seed=2, referrals=40).expected
    future = drawn_future(
        past,
        came={"cardiology": came},
        was_expected={"cardiology": 100.0},
        rng=Random(3),  # noqa: S311 - dice
    )
    assert len(future) == size
    assert all(e in past for e in future)


def test_deciding_does_not_load_the_solver() -> None:
    loaded = (
        "import sys, referral_core.domain.routing.prices, referral_core.domain.routing.market;"
        "print([m for m in ('numpy', 'ortools') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", loaded], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "[]"
