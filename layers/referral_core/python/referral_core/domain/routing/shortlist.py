"""Who is worth asking the directory about: the best of a published market, and why others are not.

The published market may be minutes old, so it decides nothing: it says in whom to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Final

from referral_core.domain.pathway import RoutingRule
from referral_core.domain.routing.filters import Need, exclusion_of_all
from referral_core.domain.routing.matching import UNASSIGNED, CostModel
from referral_core.domain.routing.prices import decide
from referral_core.domain.routing.published import PublishedMarket, demand_of

_MOST: Final = 20
"""Services that are read at once: as many as a decision keeps."""
_KEYS: Final = 200
"""Items that they may take: two calls of a hundred."""


@dataclass(frozen=True)
class Question:
    """What is asked of a market.

    Attributes:
        weeks: ISO weeks that may be booked, soonest first.
        excluded: npi → why they are out of the question.
    """

    need: Need
    rule: RoutingRule
    weeks: Sequence[str]
    excluded: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class Shortlist:
    """Attributes: npis: best first; exclusions: npi → reason, of those that were looked at."""

    npis: tuple[str, ...] = ()
    exclusions: Mapping[str, str] = field(default_factory=dict)


def shortlist(
    market: PublishedMarket,
    asked: Question,
    beside: Mapping[str, str] | None = None,
    *,
    trusts_places: bool = True,
) -> Shortlist:
    """Return the services of the least cost + price that seem to have room.

    Unless the pathway keeps places, whoever is a candidate is one at every price.

    Args:
        market: what was published.
        asked: what is wanted.
        beside: npi → reason, of those that were looked at before.
        trusts_places: whether who had no place when it was published is left out.
    """
    seen, exclusions = beside or {}, dict[str, str]()
    full = (1,) * len(asked.weeks)

    def places(npi: str) -> Sequence[int]:
        practitioner = market.by_id[npi].practitioner
        reason = asked.excluded.get(npi) or exclusion_of_all(
            asked.need, practitioner, asked.rule, asked.weeks
        )
        left = market.left_of(npi, asked.weeks) if trusts_places else full
        if reason is None and not any(count > 0 for count in left):
            reason = "no capacity"
        if reason is not None:
            exclusions[npi] = reason
            return ()
        return left

    costs = _costs(asked)
    decision = decide(
        market.index,
        demand_of(asked.need, market.specialty),
        places,
        asked.weeks,
        prices=market.price_list,
        now=asked.now,
        keep=most_at_once(len(asked.weeks)),
        excluded=frozenset(seen),
        costs=costs,
    )
    return Shortlist(tuple(c.service for c in decision.candidates), exclusions)


def _costs(asked: Question) -> CostModel:
    """Return the pathway's costs; who cannot be asked is looked at last, to say why."""
    costs = CostModel.of_rule(asked.rule, len(asked.weeks))
    if asked.rule.networks == "in":
        costs = replace(costs, tiers=(*costs.tiers[:2], UNASSIGNED))
    return costs if asked.rule.keeps_places else replace(costs, unassigned=inf)


def most_at_once(weeks: int) -> int:
    """Return how many services are read at once, each with its weeks."""
    return max(1, min(_MOST, _KEYS // (weeks + 1)))
