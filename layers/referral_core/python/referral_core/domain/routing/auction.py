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

from referral_core.domain.routing.market import Market, Prices
from referral_core.domain.routing.matching import CostModel, Demand, Service
from referral_core.domain.routing.service_index import ServiceIndex

_STEPS: Final = (24.0, 6.0)
"""Points that a bid raises a price by at least, round by round: how near to the optimum they come.

A round begins below the prices of the one before it, so that the last one has little way to go.
What the last one published is lower by half its step: a bid overshoots by somewhere up to a whole.
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
_Weeks = tuple[float, int, float, int]
"""The least price of a service with the waiting, its week, the second least, and its week."""
Choices = Sequence[tuple[float, str]]
"""Points in the first week and service id, the cheapest first."""
Known = dict[tuple[Demand, CostModel, frozenset[str]], Choices]
"""Choices that were looked up for the same services before: demands that are drawn again."""


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
        """Return the best week and the second best, each with its price and the waiting."""
        least = second = inf
        best = other = -1
        prices = self.price[service][bidder.first :]
        for week, total in enumerate(map(add, prices, bidder.waits), bidder.first):
            if total < least:
                least, best, second, other = total, week, least, best
            elif total < second:
                second, other = total, week
        return least, best, second, other

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
        if len(held) == self.left[service][week] and held[0][0] > self.price[service][week]:
            self.price[service][week] = held[0][0]
            # Prices only rise: a week that was not among the two best does not become one.
            for known in self._weeks.values():
                weeks = known[service]
                if weeks is not None and week in (weeks[1], weeks[3]):
                    known[service] = None
        return loser


def bid_prices(market: Market, known: Known | None = None) -> Prices:
    """Return the price of a place in each service-week of a market.

    Args:
        market: the instance.
        known: what was looked up for the same services before, and is kept there; None: nothing.
    """
    services = sorted(market.services, key=lambda s: s.id)
    left = [market.places[s.id] for s in services]
    bidders = _bidders(market, services, {} if known is None else known)
    price = [[0.0 if count > 0 else inf for count in row] for row in left]
    before = 0.0
    for step in _STEPS:
        begin = [[max(0.0, each - before) for each in row] for row in price]
        price, before = _round(_Places(left, begin), bidders, step), 2 * step
    # A week without places is as dear as it can be: whoever asks finds none.
    most, over = market.costs.unassigned, _STEPS[-1] / 2
    return {
        service.id: tuple(most if each >= most else round(max(0.0, each - over), 3) for each in row)
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


def _bidders(market: Market, services: Sequence[Service], known: Known) -> list[_Bidder]:
    index, position = ServiceIndex(services), {s.id: n for n, s in enumerate(services)}
    weeks = len(next(iter(market.places.values()), ()))
    bidders = []
    for expected in market.expected:
        demand, costs = expected.demand, expected.costs or market.costs
        asked = (demand, costs, expected.unable)
        choices = known.get(asked)
        if choices is None:
            nearest = index.cheapest(demand, costs, _CHOICES, expected.unable)
            choices = known[asked] = [(cost, service.id) for cost, service in nearest]
        bidders.append(
            _Bidder(
                [(cost, position[service]) for cost, service in choices],
                expected.week,
                costs.waits(demand, weeks),
                costs.unassigned,
            )
        )
    return bidders


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
        least, week, other, _ = weeks
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
