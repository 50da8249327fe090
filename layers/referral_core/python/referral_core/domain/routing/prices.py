"""Bid prices: what the place of a service-week is worth to the referrals that are still to come.

Greedy routing gives the best place to whoever asks first. With prices the choice is
argmin(cost + price): a referral that has almost as good an alternative leaves the scarce place to
one that has none. Prices are solved outside the request path; this module only reads them.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from operator import add
from typing import Final

from referral_core.domain.routing.matching import (
    ANY_PAYER,
    DEFAULT_COSTS,
    CostModel,
    Demand,
    Service,
)
from referral_core.domain.routing.service_index import Ball, ServiceIndex, floor_of_tiers

GREEDY: Final = "greedy-cost/1"
BID_PRICES: Final = "bid-prices/4"

_ROUNDING: Final = 1e-9
"""Sums taken in another order differ in their last digits."""

Remaining = Callable[[str], Sequence[int]]
"""Service id → places left in each of the decision's weeks, in their order."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices that one solve published.

    Attributes:
        version: names the solve; part of every decision that used it.
        valid_until: when the list is stale.
        weeks: the ISO weeks that have a price, in order.
        prices: service id → points for a place in each of the weeks. A service or week that is
            absent costs nothing.
    """

    version: str
    valid_until: datetime
    weeks: tuple[str, ...]
    prices: Mapping[str, tuple[float, ...]]
    _floors: dict[tuple[str, tuple[float, ...], tuple[float, ...]], Floors] = field(
        default_factory=dict, compare=False, repr=False
    )

    def of(self, service: str, weeks: Sequence[str]) -> tuple[float, ...]:
        """Return a service's prices in the given weeks."""
        known = self.prices.get(service)
        if known is None:
            return (0.0,) * len(weeks)
        if weeks == self.weeks:
            return known
        by_week = dict(zip(self.weeks, known, strict=True))
        return tuple(by_week.get(week, 0.0) for week in weeks)

    def floors(
        self, weeks: Sequence[str], waits: tuple[float, ...], tiers: tuple[float, ...]
    ) -> Floors:
        """Return what tier and place add at least to a match, kept: neither list nor ball changes.

        Args:
            weeks: ISO weeks that may be booked, soonest first.
            waits: points of waiting for each of them.
            tiers: points of each tier.
        """
        at = (weeks[0], waits, tiers)
        if at not in self._floors:
            self._floors[at] = Floors(self, weeks, waits, tiers)
        return self._floors[at]


@dataclass(frozen=True, slots=True)
class Floors:
    """What tier and place add at least to a match: the price, and the weeks waited.

    Both together, for each payer: the service of the best tier is seldom the one of the cheapest
    place, and a ball that promised both would be opened for nothing.

    Attributes:
        of_services: service id → points of the place, of those whose ball was looked at.
    """

    prices: PriceList
    weeks: Sequence[str]
    waits: tuple[float, ...]
    tiers: tuple[float, ...]
    of_services: dict[str, float] = field(default_factory=dict)
    _of_balls: dict[Ball, dict[str, float]] = field(default_factory=dict)

    def of(self, ball: Ball, payer: str) -> float:
        """Return the least of a ball's services for a payer."""
        known = self._of_balls.get(ball) or self._by_payer(ball)
        least = known.get(payer)
        return known[ANY_PAYER] if least is None else least

    def _by_payer(self, ball: Ball) -> dict[str, float]:
        """Return the least of a ball's services by payer; `*` is for who none of them names."""
        payers = {ANY_PAYER, *ball.tiers}
        least = {
            payer: min([self.of(part, payer) for part in ball.parts], default=inf)
            for payer in payers
        }
        for service in ball.services:
            prices = self.prices.of(service.id, self.weeks)
            place = self.of_services[service.id] = min(map(add, prices, self.waits))
            for payer in payers:
                points = self.tiers[service.tier_for(payer) - 1] + place
                least[payer] = min(least[payer], points)
        self._of_balls[ball] = least
        return least


@dataclass(frozen=True, slots=True, order=True)
class PricedCandidate:
    """A service and the week in which it has room, ordered as they are ranked.

    Attributes:
        total: cost + price; ties go to the lower service id.
        cost: points of the match, waiting and the margin of a priced decision included.
        price: points of the place; 0 when the decision is greedy.
    """

    total: float
    service: str
    week: str
    cost: float
    price: float


@dataclass(frozen=True, slots=True)
class PricedDecision:
    """What routing decides for one referral.

    Attributes:
        policy: `bid-prices/4`, or `greedy-cost/1` when no valid prices were at hand.
        price_version: the list that was used; None when greedy.
        candidates: best first, at most as many as asked for, each in its best week.
    """

    policy: str
    price_version: str | None
    candidates: tuple[PricedCandidate, ...]

    @property
    def chosen(self) -> PricedCandidate | None:
        """The best candidate; None when waiting for a place is better than every one."""
        return self.candidates[0] if self.candidates else None


def usable(prices: PriceList | None, now: datetime) -> PriceList | None:
    """Return the prices when they are there and not stale."""
    return prices if prices is not None and now < prices.valid_until else None


def decide(
    index: ServiceIndex,
    demand: Demand,
    remaining: Remaining,
    weeks: Sequence[str],
    *,
    prices: PriceList | None,
    now: datetime,
    keep: int = 1,
    excluded: frozenset[str] = frozenset(),
    costs: CostModel = DEFAULT_COSTS,
) -> PricedDecision:
    """Choose the service and week with the least cost + price.

    Args:
        index: the services.
        demand: the referral.
        remaining: places left, asked only for services that the search reaches.
        weeks: ISO weeks that may be booked, soonest first.
        prices: the last published list; when missing or stale the decision is greedy.
        now: decides whether the list is stale.
        keep: how many candidates to return.
        excluded: ids of services that are out of the question.
        costs: the weights of a match.
    """
    valid = usable(prices, now)
    costs = costs if valid is None else costs.beside_prices()
    waits = costs.waits(demand, len(weeks))
    best: list[PricedCandidate] = []

    def limit() -> float:
        return best[-1].total if len(best) == keep else costs.unassigned

    floor, of_services = floor_of_tiers(demand, costs), dict[str, float]()
    if valid is not None:
        floors, payer = valid.floors(weeks, waits, costs.tiers), demand.payer
        floor, of_services = (lambda ball: floors.of(ball, payer)), floors.of_services
    for service in index.best_first(demand, costs, floor, limit, of_services):
        if service.id in excluded:
            continue
        at_least, bound = of_services.get(service.id, 0.0), limit()
        cost = costs.of(demand, service)
        if cost + at_least > bound + _ROUNDING:
            continue
        candidate = _in_best_week(
            service, cost, waits, places=remaining(service.id), weeks=weeks, prices=valid
        )
        if candidate is not None and candidate.total < costs.unassigned:
            insort(best, candidate)
            del best[keep:]
    policy = GREEDY if valid is None else BID_PRICES
    return PricedDecision(policy, None if valid is None else valid.version, tuple(best))


def _in_best_week(
    service: Service,
    cost: float,
    waits: Sequence[float],
    *,
    places: Sequence[int],
    weeks: Sequence[str],
    prices: PriceList | None,
) -> PricedCandidate | None:
    if prices is None:
        ahead = next((i for i, left in enumerate(places) if left > 0), None)
        if ahead is None:
            return None
        total = cost + waits[ahead]
        return PricedCandidate(total, service.id, weeks[ahead], total, 0.0)
    of_weeks = prices.of(service.id, weeks)
    least: tuple[float, int] | None = None
    for ahead, left in enumerate(places):
        if left > 0:
            total = cost + waits[ahead] + of_weeks[ahead]
            if least is None or total < least[0]:
                least = (total, ahead)
    if least is None:
        return None
    total, ahead = least
    return PricedCandidate(total, service.id, weeks[ahead], cost + waits[ahead], of_weeks[ahead])


def blend(
    previous: Mapping[str, Sequence[float]],
    solved: Mapping[str, Sequence[float]],
    weight: float,
) -> dict[str, tuple[float, ...]]:
    """Return the moving average of prices, so that one drawn future does not rule them.

    Args:
        previous: service id → prices of the last list, in the same weeks.
        solved: service id → prices of this solve.
        weight: share of this solve, more than 0 and at most 1.
    """
    return {
        service: tuple(
            old + weight * (new - old)
            for old, new in zip(previous.get(service, fresh), fresh, strict=True)
        )
        for service, fresh in solved.items()
    }
