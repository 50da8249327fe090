"""What a match costs: tier, distance, weeks waited, language; the same for every policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from referral_core.domain.routing.filters import distance_km

OUT_OF_NETWORK: Final = 3
"""The tier of a service whose network the payer is not in."""
_SINGLE_LANGUAGE: Final = frozenset({"en"})


@dataclass(frozen=True, slots=True)
class Service:
    """A service that takes new referrals, as routing sees it.

    Attributes:
        specialty: NUCC taxonomy code.
        place: latitude and longitude in degrees.
        tiers: payer id → 1 (preferred) or 2 (in network); a payer that is absent is out of network.
        languages: BCP 47 codes spoken there.
    """

    id: str
    specialty: str
    place: tuple[float, float]
    tiers: Mapping[str, int] = field(default_factory=dict)
    languages: frozenset[str] = _SINGLE_LANGUAGE


@dataclass(frozen=True, slots=True)
class Demand:
    """What the decision knows of a referral; nothing else of the patient is an input.

    Attributes:
        specialty: NUCC taxonomy code.
        payer: payer id.
        place: latitude and longitude in degrees.
    """

    specialty: str
    payer: str
    place: tuple[float, float]
    language: str = "en"
    urgent: bool = False


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
    """

    tiers: tuple[float, float, float] = (0.0, 15.0, 90.0)
    per_km: float = 0.5
    per_week: float = 5.0
    per_week_urgent: float = 14.0
    language: float = 8.0
    unassigned: float = 300.0

    def waiting(self, demand: Demand) -> float:
        """Return the points that each week of waiting adds."""
        return self.per_week_urgent if demand.urgent else self.per_week

    def of(self, demand: Demand, service: Service) -> float:
        """Return the points of a match in the first week; waiting comes on top."""
        speaks = demand.language in service.languages
        return (
            self.tiers[service.tiers.get(demand.payer, OUT_OF_NETWORK) - 1]
            + self.per_km * distance_km(demand.place, service.place)
            + (0.0 if speaks else self.language)
        )


DEFAULT_COSTS: Final = CostModel()
