"""Services by specialty, payer and area, searched best first.

Each specialty has a ball tree: a ball holds the services of one area, with the tier that each payer
can hope for in it. The search opens the ball with the least possible cost and stops when no ball
left can beat what is found, so a decision looks at a few dozen services of a hundred thousand.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import asin, cos, dist, radians, sin
from typing import Final

from referral_core.domain.routing.filters import OUT_OF_NETWORK, distance_km
from referral_core.domain.routing.matching import ANY_PAYER, CostModel, Demand, Service

_BALL_SIZE: Final = 6
"""Services in a ball that is not divided: fewer make more balls, more make more wasted costs."""
_ROUNDING: Final = 1e-6
"""Distances taken another way differ in their last digits: a bound is lowered by more than that."""
_DIAMETER_KM: Final = 2 * 6371.0
_NO_PRICES: Final[Mapping[str, float]] = {}

Point = tuple[float, float, float]
"""A point on the unit sphere."""


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """The services of one area.

    Attributes:
        centre: a point on the unit sphere.
        radius: kilometres from the centre to its farthest service.
        tiers: payer id → best tier among the services; a payer that is absent has none in network.
        languages: what anybody speaks there.
        services: those of a ball that is not divided.
        points: where each of them is.
        parts: the two halves of a ball that is.
    """

    centre: Point
    radius: float
    tiers: Mapping[str, int]
    languages: frozenset[str]
    services: tuple[Service, ...] = ()
    points: tuple[Point, ...] = ()
    parts: tuple[Ball, ...] = ()

    def tier_for(self, payer: str) -> int:
        """Return the best tier that any of its services may have for a payer."""
        anybody = self.tiers.get(ANY_PAYER, OUT_OF_NETWORK)
        return min(self.tiers.get(payer, OUT_OF_NETWORK), anybody)


def point_of(place: tuple[float, float]) -> Point:
    """Return the point on the unit sphere of a latitude and longitude in degrees.

    Distances between points take a fraction of the time that angles take.
    """
    north, east = radians(place[0]), radians(place[1])
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def _ball(services: list[Service]) -> Ball:
    north, east = [s.place[0] for s in services], [s.place[1] for s in services]
    centre = (sum(north) / len(services), sum(east) / len(services))
    tiers: dict[str, int] = {}
    for service in services:
        for payer, tier in service.tiers.items():
            tiers[payer] = min(tier, tiers.get(payer, OUT_OF_NETWORK))
    languages = frozenset().union(*(s.languages for s in services))
    radius = max(distance_km(centre, s.place) for s in services)
    if len(services) <= _BALL_SIZE:
        points = tuple([point_of(s.place) for s in services])
        return Ball(
            point_of(centre), radius, tiers, languages, services=tuple(services), points=points
        )
    axis = 0 if max(north) - min(north) > max(east) - min(east) else 1
    ordered = sorted(services, key=lambda s: (s.place[axis], s.id))
    half = len(ordered) // 2
    parts = (_ball(ordered[:half]), _ball(ordered[half:]))
    return Ball(point_of(centre), radius, tiers, languages, parts=parts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A demand with the weights of a match, laid out for the search.

    Attributes:
        always: points of every match, less what rounding may take.
        tiers: points of each tier.
        chord: points of a chord of the unit sphere, for each radian of its half angle.
    """

    payer: str
    language: str
    seen: frozenset[str]
    here: Point | None
    always: float
    tiers: tuple[float, ...]
    tongue: float
    unseen: float
    per_km: float
    chord: float

    @classmethod
    def of(cls, demand: Demand, costs: CostModel) -> _Asked:
        """Lay a demand out."""
        place = demand.place
        return cls(
            payer=demand.payer,
            language=demand.language,
            seen=demand.seen,
            here=None if place is None else point_of(place),
            always=(costs.unplaced if place is None else 0.0) - _ROUNDING,
            tiers=costs.tiers,
            tongue=costs.language,
            unseen=costs.unseen,
            per_km=costs.per_km,
            chord=costs.per_km * _DIAMETER_KM,
        )

    def of_ball(self, ball: Ball, floor: float, most: float) -> float:
        """Return what every service of a ball costs at least; any figure above `most` if more."""
        least = self.always + floor
        if self.language not in ball.languages:
            least += self.tongue
        if not self.seen:
            least += self.unseen
        here = self.here
        if here is None or least > most:
            return least
        away = self.chord * asin(min(1.0, dist(here, ball.centre) / 2))
        return least + max(away - self.per_km * ball.radius, 0.0)

    def of_service(self, service: Service, point: Point, place: float, most: float) -> float:
        """Return what a service costs at least; any figure above `most` if more."""
        tiers = service.tiers
        tier = tiers.get(self.payer) or tiers.get(ANY_PAYER, OUT_OF_NETWORK)
        least = self.always + self.tiers[tier - 1] + place
        if least > most:
            return least
        if self.language not in service.languages:
            least += self.tongue
        if service.id not in self.seen:
            least += self.unseen
        here = self.here
        if here is None or least > most:
            return least
        return least + self.chord * asin(min(1.0, dist(here, point) / 2))


def floor_of_tiers(demand: Demand, costs: CostModel) -> Callable[[Ball], float]:
    """Return what every service of a ball costs at least by its tier: no place has a price."""
    payer, tiers = demand.payer, costs.tiers
    return lambda ball: tiers[ball.tier_for(payer) - 1]


class ServiceIndex:
    """The services of a tenant, one ball tree for each specialty."""

    def __init__(self, services: Iterable[Service]) -> None:
        by_specialty: dict[str, list[Service]] = {}
        for service in services:
            by_specialty.setdefault(service.specialty, []).append(service)
        self._roots = {specialty: _ball(members) for specialty, members in by_specialty.items()}

    def root(self, specialty: str) -> Ball | None:
        """Return the ball of all services of a specialty; None when there are none."""
        return self._roots.get(specialty)

    def best_first(
        self,
        demand: Demand,
        costs: CostModel,
        floor: Callable[[Ball], float],
        limit: Callable[[], float],
        at_least: Mapping[str, float] = _NO_PRICES,
    ) -> Iterator[Service]:
        """Yield the services that may cost less than the limit, the most promising first.

        Of a service that costs too much its least cost says so, in a fraction of the time.

        Args:
            demand: the referral.
            costs: the weights of a match.
            floor: what every service of a ball costs at least, by its tier and its place.
            limit: what a service must not exceed, asked again after each one that is yielded: it
                falls as the caller finds better ones.
            at_least: service id → what its place costs at least; filled in by `floor`.
        """
        root = self._roots.get(demand.specialty)
        if root is None:
            return
        asked, most = _Asked.of(demand, costs), limit()
        queue: list[tuple[float, int, Ball | Service]]
        queue = [(asked.of_ball(root, floor(root), most), 0, root)]
        pushed = 0
        while queue:
            bound, _, found = heappop(queue)
            if bound > most:
                return
            if isinstance(found, Service):
                yield found
                most = limit()
                continue
            for service, point in zip(found.services, found.points, strict=True):
                place = at_least.get(service.id, 0.0)
                least = asked.of_service(service, point, place, most)
                if least <= most:
                    pushed += 1
                    heappush(queue, (least, pushed, service))
            for part in found.parts:
                least = asked.of_ball(part, floor(part), most)
                if least <= most:
                    pushed += 1
                    heappush(queue, (least, pushed, part))

    def cheapest(
        self,
        demand: Demand,
        costs: CostModel,
        count: int,
        unable: frozenset[str] = frozenset(),
    ) -> list[tuple[float, Service]]:
        """Return the services of the least cost, the cheapest first, whoever has room.

        Args:
            demand: the referral.
            costs: the weights of a match.
            count: how many at most.
            unable: ids of services that cannot serve it.
        """
        best: list[tuple[float, str, Service]] = []

        def limit() -> float:
            return best[-1][0] if len(best) == count else costs.unassigned

        for service in self.best_first(demand, costs, floor_of_tiers(demand, costs), limit):
            cost = costs.of(demand, service)
            if cost < limit() and service.id not in unable:
                insort(best, (cost, service.id, service))
                del best[count:]
        return [(cost, service) for cost, _, service in best]
