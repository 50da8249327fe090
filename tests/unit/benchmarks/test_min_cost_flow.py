"""The solver of bid prices: instances solved by hand, and what duality says of every instance."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.routing.min_cost_flow import bid_prices, match_costs, optimum
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


def test_a_scarce_place_is_priced_between_what_one_more_saves_and_one_fewer_costs() -> None:
    """One place here, two there. The first referral minds going there by 10, the second by 50.

    The second goes here. One more place here would save the first its 10, one fewer would cost the
    second its 50: the price is 30, and at 30 each of them takes by itself what is best for both.
    """
    here = Service("here", "cardiology", HERE, {"a": 1, "b": 1})
    there = Service("there", "cardiology", HERE, {"a": 2})
    referrals = [Expected(Demand("cardiology", payer, HERE), 0) for payer in ("a", "b")]
    market = Market([here, there], {"here": [1], "there": [2]}, referrals, COSTS)
    assert bid_prices(market) == {"here": (30.0,), "there": (0.0,)}
    assert optimum(market).chosen == [("there", 0), ("here", 0)]
    assert optimum(market).cost == pytest.approx(10.0)


def test_a_week_is_priced_by_who_would_have_to_wait() -> None:
    """One place a week, an urgent and a routine referral: the urgent one has the first week.

    One more place in it would save 5; without it the urgent one waits a week and the routine one
    another (14 + 5): 12. Without the second week the routine one waits a week more: 2.5.
    """
    one = Service("one", "cardiology", HERE, {"a": 1})
    referrals = [
        Expected(Demand("cardiology", "a", HERE, urgent=urgent), 0) for urgent in (False, True)
    ]
    market = Market([one], {"one": [1, 1, 1]}, referrals)
    assert bid_prices(market) == {"one": (12.0, 2.5, 0.0)}
    assert optimum(market).chosen == [("one", 1), ("one", 0)]


def test_nobody_expected_makes_every_place_free() -> None:
    market = a_market(seed=1, referrals=0)
    assert bid_prices(market) == {s.id: (0.0, 0.0) for s in market.services}


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


@given(st.integers(0, 2**32), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_prices_are_an_optimal_dual(seed: int, referrals: int) -> None:
    """What referrals pay at these prices, less what the places earn, is the optimum's cost."""
    market = a_market(seed, referrals, services=4, weeks=3)
    prices = bid_prices(market)
    paid = sum(
        min(
            [market.costs.unassigned]
            + [
                cost_in(market, e, (s.id, week)) + prices[s.id][week]
                for s in market.services
                for week in range(e.week, 3)
            ]
        )
        for e in market.expected
    )
    earned = sum(
        places * price
        for service, row in market.places.items()
        for places, price in zip(row, prices[service], strict=True)
    )
    assert paid - earned == pytest.approx(optimum(market).cost, abs=0.1)


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
