"""What a season's bookings came to, counted from the bookings alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

from benchmarks.routing.policies import Booking
from benchmarks.routing.season import Season
from referral_core.domain.routing.filters import distance_km
from referral_core.domain.routing.matching import DEFAULT_COSTS, OUT_OF_NETWORK


class ExceededCapacityError(Exception):
    """A policy booked more than there is, or before the referral came."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The outcome of one policy in one season.

    Attributes:
        cost: points in all.
        leakage: share of the booked that is out of network.
        days, p95_days: days waited by the booked.
        distance: mean kilometres of the booked.
        unassigned: referrals without a place.
    """

    cost: float
    leakage: float
    days: float
    p95_days: float
    distance: float
    unassigned: int


def counted(season: Season, bookings: Sequence[Booking]) -> Figures:
    """Check the bookings against capacity and count what they came to."""
    taken = Counter(b for b in bookings if b is not None)
    over = [slot for slot, count in taken.items() if count > season.weekly[slot[0]]]
    if over:
        raise ExceededCapacityError(f"over capacity: {over}")
    services = {s.id: s for s in season.services}
    cost, days, kilometres, outside, unassigned = 0.0, [], [], 0, 0
    for arrival, booking in zip(season.arrivals, bookings, strict=True):
        if booking is None:
            cost, unassigned = cost + DEFAULT_COSTS.unassigned, unassigned + 1
            continue
        demand, service = arrival.demand, services[booking[0]]
        waited = booking[1] - arrival.week
        if waited < 0 or service.specialty != demand.specialty:
            raise ExceededCapacityError(f"no such place for this referral: {booking}")
        cost += DEFAULT_COSTS.of(demand, service) + DEFAULT_COSTS.waits(demand, waited + 1)[waited]
        days.append(7.0 * waited)
        kilometres.append(distance_km(demand.place, service.place))
        outside += service.tiers.get(demand.payer, OUT_OF_NETWORK) == OUT_OF_NETWORK
    return Figures(
        cost,
        outside / len(days),
        fmean(days),
        quantiles(days, n=20)[-1],
        fmean(kilometres),
        unassigned,
    )
