"""Prices by auction: beside the optimum of another solver, and what must hold of any prices."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.routing.min_cost_flow import optimum
from referral_core.domain.routing.auction import bid_prices
from referral_core.domain.routing.market import Expected, Market, Prices
from referral_core.domain.routing.matching import DEFAULT_COSTS, Demand, Service

HERE = (42.0, -71.5)
WEEKS = 3


def a_service(name: str, *, tier: int = 1, north: float = 0.0) -> Service:
    return Service(name, "cardiology", (HERE[0] + north, HERE[1]), {"a": tier})


def a_referral(week: int = 0, *, urgent: bool = False) -> Expected:
    return Expected(Demand("cardiology", "a", HERE, urgent=urgent), week)


def a_market(places: dict[str, list[int]], referrals: int, **near: Service) -> Market:
    services = [near.get(name) or a_service(name) for name in places]
    return Market(services, places, [a_referral() for _ in range(referrals)])


def chosen_at(prices: Prices, market: Market) -> float:
    """Return the points of the least cost + price of each referral, summed."""
    total = 0.0
    for expected in market.expected:
        waits = DEFAULT_COSTS.waits(expected.demand, WEEKS)
        total += min(
            DEFAULT_COSTS.unassigned,
            *(
                DEFAULT_COSTS.of(expected.demand, s) + waits[w - expected.week] + prices[s.id][w]
                for s in market.services
                for w in range(expected.week, WEEKS)
            ),
        )
    return total


def test_a_place_that_nobody_else_wants_costs_nothing() -> None:
    prices = bid_prices(a_market({"one": [5, 5, 5]}, referrals=3))
    assert prices == {"one": (0.0, 0.0, 0.0)}


def test_a_scarce_place_costs_what_the_next_best_choice_costs_more() -> None:
    """Two want the preferred one; whoever does not get it waits a week, five points more."""
    prices = bid_prices(a_market({"one": [1, 5, 5]}, referrals=2))
    assert prices["one"][0] == pytest.approx(5, abs=4)
    assert prices["one"][1:] == (0.0, 0.0)


def test_where_somebody_stays_without_a_place_the_price_is_what_that_costs() -> None:
    prices = bid_prices(a_market({"one": [1, 0, 0]}, referrals=3))
    assert prices["one"][0] == pytest.approx(DEFAULT_COSTS.unassigned, abs=4)


def test_a_week_without_places_is_as_dear_as_it_can_be() -> None:
    prices = bid_prices(a_market({"one": [0, 1, 1]}, referrals=1))
    assert prices["one"][0] == DEFAULT_COSTS.unassigned


def test_nobody_is_expected_and_everything_is_free() -> None:
    assert bid_prices(a_market({"one": [1, 1, 1]}, referrals=0)) == {"one": (0.0, 0.0, 0.0)}


@given(st.integers(0, 2**32))
def test_prices_bound_the_optimum_from_below_and_nearly_reach_it(seed: int) -> None:
    """The dual: what all would pay at these prices, less what the places earn (weak duality)."""
    rng = Random(seed)  # noqa: S311 - dice
    services = [
        Service(
            f"s{n}",
            "cardiology",
            (42 + rng.random() / 3, -71.5),
            {"a": rng.choice((1, 2))},
        )
        for n in range(rng.randint(1, 5))
    ]
    places = {s.id: [rng.randint(0, 3) for _ in range(WEEKS)] for s in services}
    expected = [a_referral(rng.randrange(WEEKS), urgent=rng.random() < 0.3) for _ in range(15)]
    market = Market(services, places, expected)
    prices = bid_prices(market)
    earned = sum(
        count * price
        for s in services
        for count, price in zip(places[s.id], prices[s.id], strict=True)
    )
    dual, best = chosen_at(prices, market) - earned, optimum(market).cost
    assert dual <= best + 0.01
    # Within a bid's last step a referral, and the half of one that is taken off each price.
    assert dual >= best - 9 * len(expected)
