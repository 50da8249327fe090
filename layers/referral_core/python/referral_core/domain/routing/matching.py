"""What a match costs: tier, distance, weeks waited, language; the same for every policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from referral_core.domain.pathway import RoutingRule
from referral_core.domain.routing.filters import OUT_OF_NETWORK, distance_km

POINTS: Final = 100.0
"""A match that is worst in every part costs as many; so much is a score of 1 worth."""
UNASSIGNED: Final = 3 * POINTS
"""What it costs that a referral gets no place: so dear may a place become."""
TIERS: Final = 3
OUTSIDE_MARGIN: Final = POINTS / 10
"""What a place out of network must be better by where prices decide.

Prices are estimates that scatter about what places are worth. Of many places in network the one
whose price is too low draws a referral; a price that is too high drives one out, for good.
"""
SECOND_CHOICE: Final = POINTS / 5
"""What it costs to be seen by somebody who is another specialty first.

As much as some weeks of waiting: it is better than to wait for long, or to leave the network.
"""
ANY_PAYER: Final = "*"
"""The key of a service's tier for payers that it does not name."""
SELF_PAY: Final = ""
"""The payer of a patient who pays alone: every network has them."""
LONG_LEAD_WEEKS: Final = 4
"""A visit later than this is missed far more often (odds 5.45: PMC11149957)."""
_SINGLE_LANGUAGE: Final = frozenset({"en"})
_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """A service that takes new referrals, as routing sees it.

    Attributes:
        specialty: NUCC taxonomy code of the market in which it is found.
        place: latitude and longitude in degrees.
        tiers: payer id → 1 (preferred) or 2 (in network); `*` for those that are not named. A
            payer without either is out of network.
        languages: BCP 47 codes spoken there.
        is_second_choice: whether it is another specialty first.
    """

    id: str
    specialty: str
    place: tuple[float, float]
    tiers: Mapping[str, int] = field(default_factory=dict)
    languages: frozenset[str] = _SINGLE_LANGUAGE
    is_second_choice: bool = False

    def tier_for(self, payer: str) -> int:
        """Return the tier for a payer."""
        named = self.tiers.get(payer)
        return self.tiers.get(ANY_PAYER, OUT_OF_NETWORK) if named is None else named


@dataclass(frozen=True, slots=True)
class Demand:
    """What the decision knows of a referral; nothing else of the patient is an input.

    Attributes:
        specialty: NUCC taxonomy code of the market.
        payer: payer id.
        place: latitude and longitude in degrees; None when it is not known.
        seen: ids of services where the patient was seen before.
    """

    specialty: str
    payer: str
    place: tuple[float, float] | None
    language: str = "en"
    urgent: bool = False
    seen: frozenset[str] = _NOBODY


@dataclass(frozen=True, slots=True)
class CostModel:
    """The weights of a match, in points.

    Attributes:
        tiers: points of tier 1, 2 and 3.
        per_km: points for each kilometre.
        per_week: points for each week waited.
        per_week_urgent: the same for an urgent referral.
        language: points when nobody there speaks the patient's language.
        unassigned: points of a referral that gets no place; a match that costs as much is none.
        unplaced: points instead of the distance where the patient's place is not known.
        unseen: points when the patient was not seen there before.
        long_lead: points of a visit more than four weeks ahead, for it is the likelier missed.
    """

    tiers: tuple[float, float, float] = (0.0, 15.0, 90.0)
    per_km: float = 0.5
    per_week: float = 5.0
    per_week_urgent: float = 14.0
    language: float = 8.0
    unassigned: float = 300.0
    unplaced: float = 0.0
    unseen: float = 0.0
    long_lead: float = 0.0

    @classmethod
    def of_rule(cls, rule: RoutingRule, weeks: int | None = None) -> CostModel:
        """Return a pathway's weights in points: a match costs `POINTS` less those of its score.

        Args:
            rule: the pathway's.
            weeks: how many may be booked, where that is fewer than the pathway's.
        """
        weight = {name: POINTS * share for name, share in rule.weights.items()}
        tier = weight.get("tier", 0.0)
        per_week = weight.get("earliest", 0.0) / (weeks or rule.weeks_ahead)
        return cls(
            tiers=(0.0, tier / TIERS, 2 * tier / TIERS),
            per_km=weight.get("distance", 0.0) / rule.max_distance_km,
            per_week=per_week,
            per_week_urgent=per_week,
            language=weight.get("language", 0.0),
            unassigned=UNASSIGNED,
            unplaced=weight.get("distance", 0.0) / 2,
            unseen=weight.get("continuity", 0.0),
            long_lead=weight.get("attendance", 0.0),
        )

    def beside_prices(self) -> CostModel:
        """Return the costs of a decision by prices: out of network is dearer by the margin."""
        first, second, outside = self.tiers
        return replace(self, tiers=(first, second, outside + OUTSIDE_MARGIN))

    def waits(self, demand: Demand, weeks: int) -> tuple[float, ...]:
        """Return the points of waiting no week, one, two, ….; so many figures."""
        each = self.per_week_urgent if demand.urgent else self.per_week
        late = self.long_lead
        return tuple(
            [each * ahead + (late if ahead > LONG_LEAD_WEEKS else 0.0) for ahead in range(weeks)]
        )

    def of(self, demand: Demand, service: Service) -> float:
        """Return the points of a match in the first week; waiting comes on top."""
        place = demand.place
        away = self.unplaced if place is None else self.per_km * distance_km(place, service.place)
        return (
            self.tiers[service.tier_for(demand.payer) - 1]
            + away
            + (0.0 if demand.language in service.languages else self.language)
            + (0.0 if service.id in demand.seen else self.unseen)
            + (SECOND_CHOICE if service.is_second_choice else 0.0)
        )


DEFAULT_COSTS: Final = CostModel()
