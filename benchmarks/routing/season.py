"""A season: eight weeks of capacity, and the referrals that come for it, drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.market import Expected
from referral_core.domain.routing.matching import Demand, Service

WEEKS: Final = 8
ARRIVAL_WEEKS: Final = 4.0
"""Referrals come in the first half, so that each one sees at least four weeks ahead."""
REFERRALS: Final = 2_000
SERVICES: Final = 100
FIRST_DAY: Final = date(2026, 3, 2)
WEEK_LABELS: Final = weeks_from(FIRST_DAY, WEEKS)
SPECIALTIES: Final = ("207RC0000X", "207RG0100X", "2084N0400X", "207X00000X")
PAYERS: Final = {"payer-a": 4, "payer-b": 3, "payer-c": 2, "payer-d": 1}
LANGUAGES: Final = {"en": 75, "es": 15, "pt": 6, "zh": 4}
_SPOKEN_TOO: Final = {"es": 0.3, "pt": 0.15, "zh": 0.1}
_TOWNS: Final = 6
_REGION_KM: Final = 30.0
_CORNER: Final = (42.0, -71.5)
_KM_PER_DEGREE: Final = 6371.0 * math.pi / 180
URGENT: Final = 0.3
_IN_NETWORK, _PREFERRED = 0.5, 0.3
_DRIFT: Final = 0.2

Town = tuple[float, float, float]
"""Kilometres east and north of the region's corner, and the share of the people."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A referral and when it comes, in weeks from the season's start."""

    at: float
    demand: Demand

    @property
    def week(self) -> int:
        """The week in which it comes."""
        return int(self.at)

    def expected(self, since: int = 0) -> Expected:
        """Return it as a solver sees it, counting weeks from `since` on."""
        return Expected(self.demand, self.week - since)


@dataclass(frozen=True, slots=True)
class Season:
    """One instance.

    Attributes:
        weekly: service id → places a week.
        arrivals: what comes, in order.
        history: like seasons of the past, which the forecast knows.
        volume: what the forecast believes of the volume: 1.2 is a fifth too many.
    """

    services: tuple[Service, ...]
    weekly: dict[str, int]
    arrivals: tuple[Arrival, ...]
    history: tuple[tuple[Arrival, ...], ...]
    volume: float = 1.0


def instant(at: float) -> datetime:
    """Return the instant that is some weeks after the season's start."""
    return datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(weeks=at)


def place_at(east: float, north: float) -> tuple[float, float]:
    """Return latitude and longitude of a point of the region given in kilometres."""
    latitude = _CORNER[0] + north / _KM_PER_DEGREE
    return latitude, _CORNER[1] + east / (_KM_PER_DEGREE * math.cos(math.radians(latitude)))


def drawn_season(seed: int, load: float, *, drift: bool = False, pasts: int = 8) -> Season:
    """Draw a season.

    Args:
        seed: same seed, same season.
        load: referrals / places.
        drift: the referrals come from cells (town, specialty, payer) that each have a fifth more
            or a fifth fewer than in the past, and the forecast's volume is a fifth off.
        pasts: how many past seasons the forecast knows.
    """
    rng = Random(seed)  # noqa: S311 - figures, not secrets
    towns = [
        (rng.uniform(0, _REGION_KM), rng.uniform(0, _REGION_KM), rng.uniform(0.5, 2))
        for _ in range(_TOWNS)
    ]
    services = tuple(_service(n, towns, rng) for n in range(SERVICES))
    weekly = weekly_places(services, dict.fromkeys(SPECIALTIES, 1 / len(SPECIALTIES)), load, rng)
    mix = dict.fromkeys(_cells(), 1.0)
    history = tuple(_arrivals(towns, mix, rng) for _ in range(pasts))
    volume = 1.0
    if drift:
        mix = {cell: rng.choice((1 - _DRIFT, 1 + _DRIFT)) for cell in mix}
        volume = rng.choice((1 - _DRIFT, 1 + _DRIFT))
    return Season(services, weekly, _arrivals(towns, mix, rng), history, volume)


def _cells() -> list[tuple[int, str, str]]:
    return [(t, s, p) for t in range(_TOWNS) for s in SPECIALTIES for p in PAYERS]


def drawn_languages(rng: Random) -> frozenset[str]:
    """Draw the languages that a service speaks beside English."""
    return frozenset({"en", *(k for k, share in _SPOKEN_TOO.items() if rng.random() < share)})


def drawn_tiers(rng: Random) -> dict[str, int]:
    """Draw the networks that a service is in, and how they rank it."""
    return {
        payer: 1 if rng.random() < _PREFERRED else 2
        for payer in PAYERS
        if rng.random() < _IN_NETWORK
    }


def _service(number: int, towns: Sequence[Town], rng: Random) -> Service:
    east, north, _ = rng.choice(towns)
    return Service(
        id=f"service-{number:03d}",
        specialty=SPECIALTIES[number % len(SPECIALTIES)],
        place=place_at(rng.gauss(east, 8), rng.gauss(north, 8)),
        tiers=drawn_tiers(rng),
        languages=drawn_languages(rng),
    )


def weekly_places(
    services: Sequence[Service], demand: dict[str, float], load: float, rng: Random
) -> dict[str, int]:
    """Share the places of a week out: uneven between services, to the load in each specialty.

    Args:
        services: who gets places.
        demand: specialty → share of the referrals.
        load: referrals / places.
        rng: what draws the sizes.
    """
    weekly: dict[str, int] = {}
    for specialty, share in demand.items():
        places = round(REFERRALS * share / load / WEEKS)
        sizes = {s.id: rng.randint(1, 12) for s in services if s.specialty == specialty}
        exact = {k: size * places / sum(sizes.values()) for k, size in sizes.items()}
        weekly |= {k: int(size) for k, size in exact.items()}
        rest = places - sum(int(size) for size in exact.values())
        for k in sorted(exact, key=lambda k: int(exact[k]) - exact[k])[:rest]:
            weekly[k] += 1
    return weekly


def _arrivals(
    towns: Sequence[Town], mix: dict[tuple[int, str, str], float], rng: Random
) -> tuple[Arrival, ...]:
    weights = [towns[t][2] * PAYERS[p] * share for (t, _, p), share in mix.items()]
    arrivals = []
    for town, specialty, payer in rng.choices(list(mix), weights, k=REFERRALS):
        east, north, _ = towns[town]
        demand = Demand(
            specialty=specialty,
            payer=payer,
            place=place_at(rng.gauss(east, 12), rng.gauss(north, 12)),
            language=rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
            urgent=rng.random() < URGENT,
        )
        arrivals.append(Arrival(rng.uniform(0, ARRIVAL_WEEKS), demand))
    return tuple(sorted(arrivals, key=lambda a: a.at))
