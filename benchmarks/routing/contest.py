"""All policies over the same seasons, beside the optimum in hindsight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from benchmarks.routing import policies
from benchmarks.routing.figures import Figures, counted
from benchmarks.routing.min_cost_flow import optimum
from benchmarks.routing.season import WEEK_LABELS, Season
from referral_core.domain.routing.auction import bid_prices
from referral_core.domain.routing.market import Market

HINDSIGHT: Final = "hindsight"
GREEDY: Final = "greedy"
OURS: Final = "bid prices"
_TOLERANCE: Final = 1e-4
"""The solver counts in thousandths of a point, so its sum and ours differ by as much."""


class BeatenOracleError(Exception):
    """A policy did better than is possible: the figures are wrong."""


@dataclass(frozen=True, slots=True)
class Round:
    """One season: policy → its figures."""

    seed: int
    outcomes: dict[str, Figures]

    def gap(self, policy: str) -> float:
        """Return how much more than hindsight a policy cost, as a share."""
        return self.outcomes[policy].cost / self.outcomes[HINDSIGHT].cost - 1


def played(season: Season, seed: int, *, baselines: bool = True) -> Round:
    """Let every policy book a season, and check each against capacity and the optimum.

    Args:
        season: the instance.
        seed: names it.
        baselines: whether those play too that know neither costs nor prices.
    """
    market = Market(
        services=season.services,
        places={s: [count] * len(WEEK_LABELS) for s, count in season.weekly.items()},
        expected=[a.expected() for a in season.arrivals],
    )
    best = optimum(market)
    outcomes = {HINDSIGHT: counted(season, best.chosen)}
    if abs(outcomes[HINDSIGHT].cost / best.cost - 1) > _TOLERANCE:
        raise BeatenOracleError(f"seed {seed}: the optimum does not cost what the solver says")
    drawn = Random(seed)  # noqa: S311 - figures, not secrets
    contestants: dict[str, policies.Policy] = {
        GREEDY: policies.greedy(season),
        OURS: policies.BidPricePolicy(season, partial(bid_prices, known={}), drawn),
    }
    if baselines:
        contestants |= {
            "random": policies.at_random(season, seed),
            "nearest": policies.nearest(season),
            "tier first": policies.tier_first(season),
        }
    for name, policy in contestants.items():
        outcomes[name] = counted(season, policies.booked_by(policy, season))
        if outcomes[name].cost < best.cost * (1 - _TOLERANCE):
            raise BeatenOracleError(f"seed {seed}: {name} costs less than the optimum")
    return Round(seed, outcomes)


def contest(play: Callable[[int], Round], seeds: Iterable[int], workers: int) -> list[Round]:
    """Play the seasons of many seeds, in as many processes as asked for."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(play, seeds))
