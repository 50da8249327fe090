"""The optimum in hindsight by OR-tools' min-cost flow: what no policy can do better than.

A referral flows from its node to a service (tier, distance, language), then along the weeks that it
waits, to a place; or past all of them at the cost of staying unassigned. Services of different
specialties share nothing, so each specialty is solved alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from referral_core.domain.routing.market import Market

Ints = NDArray[np.int64]
_UNITS: Final = 1000
"""The solver counts in whole numbers: thousandths of a point."""
_EARTH_DIAMETER_KM: Final = 2 * 6371.0
_URGENCIES: Final = 2


@dataclass(frozen=True, slots=True)
class Assignment:
    """The optimum of a market.

    Attributes:
        cost: points in all, unassigned referrals included.
        chosen: for each expected referral (service id, week), or None when it gets no place.
    """

    cost: float
    chosen: list[tuple[str, int] | None]


@dataclass(frozen=True)
class _Network:
    """Arcs as arrays; the nodes are referrals, waiting lines, places, and the sink, in order."""

    tails: Ints
    heads: Ints
    room: Ints
    cost: Ints
    referrals: int
    first_place: int
    sink: int
    who: Ints

    def flows(self) -> Ints:
        """Return the flow of each arc in the optimum."""
        solver = SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(
            self.tails, self.heads, self.room, self.cost
        )
        supplies = np.zeros(self.sink + 1, dtype=np.int64)
        supplies[: self.referrals] = 1
        supplies[self.sink] = -self.referrals
        solver.set_nodes_supplies(np.arange(self.sink + 1), supplies)
        status = solver.solve()
        if status != solver.OPTIMAL:
            raise RuntimeError(f"the market has no optimum: {status}")
        return np.asarray(solver.flows(arcs), dtype=np.int64)


def optimum(market: Market) -> Assignment:
    """Return the best assignment that anybody could make who knew every referral beforehand."""
    chosen: list[tuple[str, int] | None] = [None] * len(market.expected)
    cost = 0.0
    where = {id(expected): i for i, expected in enumerate(market.expected)}
    for part in _by_specialty(market):
        network = _network(part)
        flow = network.flows()
        cost += float((flow * network.cost).sum()) / _UNITS
        for expected, match in zip(part.expected, _booked(part, network, flow), strict=True):
            chosen[where[id(expected)]] = match
    return Assignment(cost, chosen)


def _by_specialty(market: Market) -> Iterator[Market]:
    for specialty in sorted({s.specialty for s in market.services}):
        services = [s for s in market.services if s.specialty == specialty]
        yield replace(
            market,
            services=services,
            places={s.id: market.places[s.id] for s in services},
            expected=[e for e in market.expected if e.demand.specialty == specialty],
        )


def match_costs(market: Market) -> NDArray[np.float64]:
    """Return the points of each match in the first week: one row a referral, one column a service.

    The same figures as `CostModel.of`, for all at once.
    """
    costs, services = market.costs, market.services
    demands = [e.demand for e in market.expected]
    there = np.radians(np.array([s.place for s in services]).reshape(-1, 2))
    here = np.radians(np.array([d.place for d in demands]).reshape(-1, 2))
    half = (
        np.sin((there[None, :, 0] - here[:, None, 0]) / 2) ** 2
        + np.cos(here[:, None, 0])
        * np.cos(there[None, :, 0])
        * np.sin((there[None, :, 1] - here[:, None, 1]) / 2) ** 2
    )
    points: NDArray[np.float64] = costs.per_km * _EARTH_DIAMETER_KM * np.arcsin(np.sqrt(half))
    payers, languages = [d.payer for d in demands], [d.language for d in demands]
    by_payer = {
        p: [costs.tiers[s.tiers.get(p, len(costs.tiers)) - 1] for s in services]
        for p in set(payers)
    }
    by_language = {
        tongue: [0.0 if tongue in s.languages else costs.language for s in services]
        for tongue in set(languages)
    }
    shape = (len(demands), len(services))
    points += np.array([by_payer[p] for p in payers]).reshape(shape)
    points += np.array([by_language[tongue] for tongue in languages]).reshape(shape)
    return points


def _network(market: Market) -> _Network:
    places = np.array([market.places[s.id] for s in market.services], dtype=np.int64)
    services, weeks = places.shape
    referrals = len(market.expected)
    first_line, lines = referrals, services * _URGENCIES * weeks
    first_place = first_line + lines
    sink = first_place + services * weeks
    points = match_costs(market)
    who, service = np.nonzero(points < market.costs.unassigned)
    week = np.array([e.week for e in market.expected], dtype=np.int64)
    urgent = np.array([e.demand.urgent for e in market.expected], dtype=np.int64)
    line = np.arange(lines)
    line_week, line_urgent = line % weeks, line // weeks % _URGENCIES
    going_on = line[line_week < weeks - 1]
    waiting = np.array([market.costs.per_week, market.costs.per_week_urgent])
    slot = np.arange(services * weeks)
    entry = first_line + (service * _URGENCIES + urgent[who]) * weeks + week[who]
    arcs: Sequence[tuple[Ints, Ints, Ints, Ints]] = (
        (who, entry, np.ones_like(who), _whole(points[who, service])),
        _past(referrals, sink, market.costs.unassigned),
        (
            first_line + line,
            first_place + line // (weeks * _URGENCIES) * weeks + line_week,
            np.full_like(line, referrals),
            np.zeros_like(line),
        ),
        (
            first_line + going_on,
            first_line + going_on + 1,
            np.full_like(going_on, referrals),
            _whole(waiting[line_urgent[going_on]]),
        ),
        (first_place + slot, np.full_like(slot, sink), places.ravel(), np.zeros_like(slot)),
    )
    tails, heads, room, cost = (np.concatenate(column) for column in zip(*arcs, strict=True))
    return _Network(tails, heads, room, cost, referrals, first_place, sink, who)


def _whole(points: NDArray[np.float64]) -> Ints:
    return np.rint(points * _UNITS).astype(np.int64)


def _past(referrals: int, sink: int, unassigned: float) -> tuple[Ints, Ints, Ints, Ints]:
    who = np.arange(referrals)
    points = np.full(referrals, round(unassigned * _UNITS), dtype=np.int64)
    return who, np.full_like(who, sink), np.ones_like(who), points


def _booked(market: Market, network: _Network, flow: Ints) -> list[tuple[str, int] | None]:
    """Follow the flow: who waits in a line takes the places that the line was given, in turn."""
    weeks = len(next(iter(market.places.values())))
    who = network.who
    waiting: dict[int, list[int]] = {}
    weeks_of = np.array([e.week for e in market.expected])[who]
    matched = np.flatnonzero(flow[: len(who)])
    for match in matched[np.argsort(weeks_of[matched], kind="stable")]:
        line = (int(network.heads[match]) - network.referrals) // weeks
        waiting.setdefault(line, []).append(int(who[match]))
    chosen: list[tuple[str, int] | None] = [None] * network.referrals
    onto_places = (network.tails >= network.referrals) & (network.heads >= network.first_place)
    onto_places &= (network.heads < network.sink) & (flow > 0)
    for arc in sorted(np.flatnonzero(onto_places), key=lambda a: network.tails[a]):
        line, week = divmod(int(network.tails[arc]) - network.referrals, weeks)
        for _ in range(int(flow[arc])):
            chosen[waiting[line].pop(0)] = (market.services[line // _URGENCIES].id, week)
    return chosen
