"""What a solver of bid prices is given: places left, and the referrals that are expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Final

from referral_core.domain.routing.matching import DEFAULT_COSTS, CostModel, Demand, Service

_PRIOR: Final = 50.0
"""Referrals that the forecast of a specialty counts for against what really came."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A referral that is expected.

    Attributes:
        week: position of the week in which it comes: no earlier one can be booked.
        costs: the weights of its own pathway and urgency; the market's when None.
        unable: ids of the services that cannot serve it at all.
    """

    demand: Demand
    week: int
    costs: CostModel | None = None
    unable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Market:
    """One instance of the transportation problem.

    Attributes:
        services: who has places.
        places: service id → places left in each week, from the current week on.
        expected: the referrals that compete for them.
    """

    services: Sequence[Service]
    places: Mapping[str, Sequence[int]]
    expected: Sequence[Expected]
    costs: CostModel = DEFAULT_COSTS


Prices = dict[str, tuple[float, ...]]
"""Service id → points for a place in each week of the market."""
Solver = Callable[[Market], Prices]
"""Solves a market for its dual prices; lives outside the request path and the domain."""


def mean_prices(markets: Sequence[Market], solver: Solver) -> Prices:
    """Return the mean of the prices of markets that differ only in what is expected of them.

    Args:
        markets: the same services and places, each with a future of its own; at least one.
        solver: solves each.
    """
    first, *others = (solver(market) for market in markets)
    return {
        service: tuple(
            fmean(of_week)
            for of_week in zip(prices, *(solved[service] for solved in others), strict=True)
        )
        for service, prices in first.items()
    }


def drawn_future(
    history: Sequence[Expected],
    *,
    came: Mapping[str, int],
    was_expected: Mapping[str, float],
    rng: Random,
    volume: float = 1.0,
) -> list[Expected]:
    """Draw one future from the past, as many referrals of each specialty as the rates now say.

    Args:
        history: the referrals of a like period that came from this moment of it on.
        came: specialty → referrals that came so far in this period.
        was_expected: specialty → referrals that the history had expected so far.
        rng: what draws.
        volume: how much more is planned for than the history had; 1 is as much.
    """
    by_specialty: dict[str, list[Expected]] = {}
    for expected in history:
        by_specialty.setdefault(expected.demand.specialty, []).append(expected)
    drawn: list[Expected] = []
    for specialty, past in sorted(by_specialty.items()):
        rate = (came.get(specialty, 0) + _PRIOR) / (was_expected.get(specialty, 0.0) + _PRIOR)
        drawn += _resized(past, round(len(past) * volume * rate), rng)
    return drawn


def _resized(past: list[Expected], size: int, rng: Random) -> list[Expected]:
    if size <= len(past):
        return rng.sample(past, size)
    return past + rng.choices(past, k=size - len(past))
