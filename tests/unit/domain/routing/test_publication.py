"""Prices that are published are the mean over futures that are drawn apart."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from referral_core.domain.modality import ImagingModality
from referral_core.domain.routing.demand import KeptDemand
from referral_core.domain.routing.market import Market, Prices, mean_prices
from referral_core.domain.routing.matching import DEFAULT_COSTS, CostModel
from referral_core.domain.routing.publication import FUTURES, WEIGHT, Ledger, next_market
from referral_core.domain.routing.published import PublishedMarket
from referral_core.domain.terminology import Priority
from tests.unit.domain.routing.markets import NOW
from tests.unit.domain.routing.practitioners import WORCESTER, a_practitioner

SKIN = "207N00000X"
AHEAD = 4


def a_demand(weeks_ago: float, language: str = "en", *imaging: ImagingModality) -> KeptDemand:
    return KeptDemand(
        specialty=SKIN,
        at=NOW - timedelta(weeks=weeks_ago),
        payer="harbor",
        latitude=WORCESTER[0],
        longitude=WORCESTER[1],
        language=language,
        level=Priority.ROUTINE,
        imaging=frozenset(imaging),
        pathway="generic-specialist",
        pathway_version=1,
    )


def weights(_: KeptDemand) -> tuple[CostModel, int]:
    return DEFAULT_COSTS, AHEAD


class Solves:
    """Comes to a price of its own for each market, and keeps what it was given."""

    def __init__(self, *prices: float) -> None:
        self.prices = prices
        self.markets: list[Market] = []

    def __call__(self, market: Market) -> Prices:
        price = self.prices[len(self.markets)]
        self.markets.append(market)
        return {s.id: (price,) * len(market.places[s.id]) for s in market.services}


def published(solver: Solves, previous: PublishedMarket | None = None) -> PublishedMarket:
    """Publish a market of which 60 were asked, 30 in either half of what is drawn from."""
    demands = [a_demand(0.1 + 0.13 * n, language=f"l{n}") for n in reversed(range(60))]
    dermatologist = a_practitioner("1", specialty=SKIN, weekly_capacity=9)
    return next_market(Ledger(SKIN, [dermatologist], {}, demands, previous), NOW, weights, solver)


def test_prices_are_the_mean_over_the_futures() -> None:
    solver = Solves(10.0, 20.0, 30.0, 60.0)
    assert published(solver).by_id["1"].prices == (30.0,) * AHEAD
    assert len(solver.markets) == FUTURES == 4


def test_the_futures_are_drawn_apart_for_the_same_places() -> None:
    solver = Solves(10.0, 20.0, 30.0, 40.0)
    published(solver)
    one, *others = solver.markets
    assert all((one.services, one.places) == (m.services, m.places) for m in others)
    asked = [sorted(e.demand.language for e in market.expected) for market in solver.markets]
    assert all(first != second for first, second in combinations(asked, 2))
    assert {len(future) for future in asked} == {30}


def test_the_mean_moves_what_was_published_by_its_weight() -> None:
    before = published(Solves(*(100.0,) * FUTURES))
    after = published(Solves(*(0.0, 40.0) * (FUTURES // 2)), before)
    assert after.by_id["1"].prices == pytest.approx((100 + WEIGHT * (20 - 100),) * AHEAD)


def test_a_market_without_an_older_half_is_solved_once() -> None:
    solver = Solves(10.0)
    dermatologist = a_practitioner("1", specialty=SKIN)
    ledger = Ledger(SKIN, [dermatologist], {}, [a_demand(1.0)], None)
    assert next_market(ledger, NOW, weights, solver).by_id["1"].prices == (10.0,) * AHEAD


def test_what_was_asked_longer_ago_than_twice_the_weeks_ahead_counts_no_more() -> None:
    solver = Solves(10.0)
    dermatologist = a_practitioner("1", specialty=SKIN)
    demands = [a_demand(2 * AHEAD + 0.1), a_demand(1.0)]
    next_market(Ledger(SKIN, [dermatologist], {}, demands, None), NOW, weights, solver)
    (market,) = solver.markets
    assert len(market.expected) == 1


@pytest.mark.parametrize(
    ("imaging", "is_dear"),
    [
        ((ImagingModality.CT,), {"ct": True, "mr": False}),
        ((ImagingModality.MR,), {"ct": False, "mr": True}),
    ],
)
def test_who_cannot_take_the_images_is_not_made_dear_by_who_wants_them(
    imaging: tuple[ImagingModality, ...], is_dear: dict[str, bool]
) -> None:
    demands = [a_demand(0.1 + 0.13 * n, "en", *imaging) for n in reversed(range(60))]
    centres = [
        a_practitioner("ct", specialty=SKIN, imaging=("CT",), weekly_capacity=1),
        a_practitioner("mr", specialty=SKIN, imaging=("MR",), weekly_capacity=1),
    ]
    market = next_market(Ledger(SKIN, centres, {}, demands, None), NOW, weights)
    assert {npi: any(one.prices) for npi, one in market.by_id.items()} == is_dear


def test_the_mean_is_taken_week_by_week() -> None:
    lists = iter(({"a": (0.0, 8.0), "b": (3.0, 3.0)}, {"a": (6.0, 8.0), "b": (0.0, 1.0)}))
    empty = Market([], {}, [])
    assert mean_prices([empty, empty], lambda _: next(lists)) == {"a": (3.0, 8.0), "b": (1.5, 2.0)}
