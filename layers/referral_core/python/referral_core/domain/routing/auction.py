"""Bid prices by auction: expected referrals bid for places until nobody wants to bid again.

Bertsekas' auction with similar objects: the places of a service-week are alike, so that a referral
bids for the week as a whole, up to what its best other choice leaves it. The price of a full week
is the lowest bid that it accepted; a week with room costs nothing. What comes out is within one
step a referral of the optimum (D. P. Bertsekas and D. A. Castañon, "The auction algorithm for the
transportation problem", Annals of Operations Research 20, 1989).

It needs no solver's package: the scheduled function that runs it is as small as the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from math import inf
from operator import add
from typing import Final

from referral_core.domain.routing.market import Expected, Market, Prices
from referral_core.domain.routing.matching import Service
from referral_core.domain.routing.service_index import ServiceIndex

_STEPS: Final = (24.0, 3.0)
"""Points that a bid raises a price by at least, round by round: how near to the optimum they come.

A round begins below the prices of the one before it, so that the last one has little way to go.
"""
_CHOICES: Final = 64
"""Services that a referral bids for at most, the cheapest matches first."""


@dataclass(frozen=True, slots=True)
class _Bidder:
    """A referral: where it may go at which cost, the cheapest first.

    Attributes:
        choices: (points in the first week, position of the service).
        first: position of the first week that it can be booked in.
        waits: points of waiting no week, one, two, ….
        outside: points of getting no place.
    """

    choices: Sequence[tuple[float, int]]
    first: int
    waits: tuple[float, ...]
    outside: float


_Kind = tuple[int, tuple[float, ...]]
"""What bidders have in common who see the weeks alike: the first one, and what waiting costs."""
_Weeks = tuple[float, int, float]
"""The least price of a service with the waiting, its week, and the second least."""


@dataclass(slots=True)
class _Places:
    """The places of all service-weeks, with the bids that hold them."""

    left: Sequence[Sequence[int]]
    price: list[list[float]]
    bids: list[list[list[tuple[float, int]]]] = field(init=False)
    _weeks: dict[_Kind, list[_Weeks | None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.bids = [[[] for _ in row] for row in self.left]

    def weeks_for(self, bidder: _Bidder) -> list[_Weeks | None]:
        """Return the best weeks of each service for bidders of a kind; None: not known yet."""
        kind = (bidder.first, bidder.waits)
        if kind not in self._weeks:
            self._weeks[kind] = [None] * len(self.left)
        return self._weeks[kind]

    def best_weeks(self, service: int, bidder: _Bidder) -> _Weeks:
        """Return the least price with the waiting, its week, and the second least."""
        prices = self.price[service][bidder.first :]
        totals = map(add, prices, bidder.waits)
        dear = sorted((total, week) for week, total in enumerate(totals, bidder.first))
        return dear[0][0], dear[0][1], dear[1][0] if len(dear) > 1 else inf

    @property
    def is_full(self) -> list[list[bool]]:
        """Whether every place of a service-week is taken."""
        return [
            [len(held) == count for held, count in zip(bids, row, strict=True)]
            for bids, row in zip(self.bids, self.left, strict=True)
        ]

    def take(self, service: int, week: int, bid: tuple[float, int]) -> int | None:
        """Take a place; return who loses one: the lowest bid of a week that was full."""
        held = self.bids[service][week]
        loser: int | None = None
        if len(held) < self.left[service][week]:
            heappush(held, bid)
        else:
            loser = heappushpop(held, bid)[1]
        if len(held) == self.left[service][week]:
            self.price[service][week] = held[0][0]
            for known in self._weeks.values():
                known[service] = None
        return loser


def bid_prices(market: Market) -> Prices:
    """Return the price of a place in each service-week of a market."""
    services = sorted(market.services, key=lambda s: s.id)
    left = [market.places[s.id] for s in services]
    bidders = _bidders(market, services)
    price = [[0.0 if count > 0 else inf for count in row] for row in left]
    before = 0.0
    for step in _STEPS:
        begin = [[max(0.0, each - before) for each in row] for row in price]
        price, before = _round(_Places(left, begin), bidders, step), 2 * step
    # A week without places is as dear as it can be: whoever asks finds none.
    return {
        service.id: tuple(round(min(each, market.costs.unassigned), 3) for each in row)
        for service, row in zip(services, price, strict=True)
    }


def _round(places: _Places, bidders: Sequence[_Bidder], step: float) -> list[list[float]]:
    """Let all bid until nobody wants to again; return the prices of the weeks that are full."""
    waiting = deque(range(len(bidders)))
    while waiting:
        number = waiting.popleft()
        loser = _bid(places, bidders[number], number, step)
        if loser is not None:
            waiting.append(loser)
    return [
        [each if is_full else 0.0 for each, is_full in zip(row, full, strict=True)]
        for row, full in zip(places.price, places.is_full, strict=True)
    ]


def _bidders(market: Market, services: Sequence[Service]) -> list[_Bidder]:
    index, position = ServiceIndex(services), {s.id: n for n, s in enumerate(services)}
    return [_bidder(expected, index, position, market) for expected in market.expected]


def _bidder(
    expected: Expected, index: ServiceIndex, position: dict[str, int], market: Market
) -> _Bidder:
    demand, costs = expected.demand, expected.costs or market.costs
    waits = costs.waits(demand, len(next(iter(market.places.values()), ())))
    nearest = index.cheapest(demand, costs, _CHOICES)
    return _Bidder(
        [(cost, position[service.id]) for cost, service in nearest],
        expected.week,
        waits,
        costs.unassigned,
    )


def _bid(places: _Places, bidder: _Bidder, number: int, step: float) -> int | None:
    """Let a referral bid for what costs it least; return who loses a place by that."""
    best = second = bidder.outside
    wanted: tuple[int, int] | None = None
    known = places.weeks_for(bidder)
    for cost, service in bidder.choices:
        if cost >= second:
            break
        weeks = known[service]
        if weeks is None:
            weeks = known[service] = places.best_weeks(service, bidder)
        least, week, other = weeks
        value = cost + least
        if value < best:
            best, second, wanted = value, min(best, cost + other), (service, week)
        elif value < second:
            second = value
    if wanted is None:
        return None
    service, week = wanted
    level = places.price[service][week] + second - best + step
    return places.take(service, week, (level, number))
