"""The policies that are compared: each books one referral at a time and knows only the past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from benchmarks.routing.season import WEEK_LABELS, Arrival, Season, instant
from referral_core.domain.routing.filters import distance_km
from referral_core.domain.routing.market import Market, Prices, Solver, drawn_future, mean_prices
from referral_core.domain.routing.matching import OUT_OF_NETWORK, Service
from referral_core.domain.routing.prices import PriceList, blend, decide
from referral_core.domain.routing.publication import FUTURES, WEIGHT
from referral_core.domain.routing.service_index import ServiceIndex

Booking = tuple[str, int] | None
"""Service id and week; None when the referral gets no place."""
Places = dict[str, list[int]]

RESOLVE_EVERY: Final = 25
_FIRST_SOLVES: Final = 4


class Policy(Protocol):
    """Books one referral at a time."""

    def __call__(self, arrival: Arrival, now: Moment, places: Places) -> Booking:
        """Return where a referral goes; None when it waits for a place."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What a policy knows of the time.

    Attributes:
        at: weeks from the season's start.
        arrived: referrals that have come so far.
        closing: no referral comes any more.
    """

    at: float
    arrived: int
    closing: bool = False


def booked_by(policy: Policy, season: Season) -> list[Booking]:
    """Let a policy book a season's referrals one by one.

    Who got no place waits, and is offered to the policy again after every few arrivals and at the
    end, the urgent first: as the waitlist does it. The weeks waited count from the arrival.
    """
    places = {s.id: [season.weekly[s.id]] * len(WEEK_LABELS) for s in season.services}
    bookings: list[Booking] = [None] * len(season.arrivals)
    waiting: list[int] = []
    members: dict[str, list[str]] = {}
    for service in season.services:
        members.setdefault(service.specialty, []).append(service.id)

    def offered(number: int, moment: Moment) -> bool:
        booking = bookings[number] = policy(season.arrivals[number], moment, places)
        if booking is not None:
            places[booking[0]][booking[1]] -= 1
        return booking is not None

    def offered_again(now: Moment) -> None:
        waiting.sort(key=lambda n: (not season.arrivals[n].demand.urgent, n))
        # Where nothing is left, nobody needs to be asked.
        with_room = {
            specialty
            for specialty, names in members.items()
            if any(any(places[name][int(now.at) :]) for name in names)
        }
        waiting[:] = [
            n
            for n in waiting
            if season.arrivals[n].demand.specialty not in with_room or not offered(n, now)
        ]

    for number, arrival in enumerate(season.arrivals):
        if number % RESOLVE_EVERY == 0:
            offered_again(Moment(arrival.at, number))
        if not offered(number, Moment(arrival.at, number)):
            waiting.append(number)
    offered_again(Moment(season.arrivals[-1].at, len(season.arrivals), closing=True))
    return bookings


def by_key(season: Season, key: Callable[[Arrival, Service], tuple[float, ...]]) -> Policy:
    """Return the policy that takes the service with the least key, in its first week with room."""
    members: dict[str, list[Service]] = {}
    for service in season.services:
        members.setdefault(service.specialty, []).append(service)

    def policy(arrival: Arrival, now: Moment, places: Places) -> Booking:
        ranked = sorted(
            members[arrival.demand.specialty],
            key=lambda s: (key(arrival, s), s.id),
        )
        for service in ranked:
            for week in range(int(now.at), len(WEEK_LABELS)):
                if places[service.id][week]:
                    return service.id, week
        return None

    return policy


def at_random(season: Season, seed: int) -> Policy:
    """Return the policy that takes any service with room."""
    rng = Random(seed)  # noqa: S311 - figures, not secrets
    return by_key(season, lambda _, __: (rng.random(),))


def nearest(season: Season) -> Policy:
    """Return the policy that takes the nearest service with room."""
    return by_key(season, lambda a, s: (distance_km(a.demand.place, s.place),))


def tier_first(season: Season) -> Policy:
    """Return the policy that takes the best tier with room, the nearest of it."""
    return by_key(
        season,
        lambda a, s: (
            s.tiers.get(a.demand.payer, OUT_OF_NETWORK),
            distance_km(a.demand.place, s.place),
        ),
    )


def greedy(season: Season) -> Policy:
    """Return the product's decision without prices."""
    index = ServiceIndex(season.services)
    return lambda arrival, now, places: _decided(index, arrival, now, places, None)


@dataclass
class BidPricePolicy:
    """The product's decision with prices that are solved again after every few arrivals.

    Each solve takes as many futures as the product's, drawn from the past seasons, and moves the
    published prices as the product does.
    Who waits already is no part of it: priced in, those who never get a place would keep the places
    of this week dear until they perish.
    """

    season: Season
    solver: Solver
    rng: Random
    every: int = RESOLVE_EVERY
    weight: float = WEIGHT
    index: ServiceIndex = field(init=False)
    published: PriceList | None = None
    came: Counter[str] = field(default_factory=Counter)
    solves: int = 0
    due: int = 0

    def __post_init__(self) -> None:
        self.index = ServiceIndex(self.season.services)

    def __call__(self, arrival: Arrival, now: Moment, places: Places) -> Booking:
        """Book one referral."""
        while not self.solves or now.arrived >= self.due:
            self._publish(now, places)
        self.came[arrival.demand.specialty] += arrival.at == now.at
        prices = None if now.closing else self.published
        return _decided(self.index, arrival, now, places, prices)

    def _publish(self, now: Moment, places: Places) -> None:
        drawn = [self._market(now, places) for _ in range(FUTURES)]
        solved = mean_prices(drawn, self.solver)
        labels = WEEK_LABELS[int(now.at) :]
        previous: Prices = (
            {s: self.published.of(s, labels) for s in solved} if self.published else {}
        )
        self.solves += 1
        if self.solves >= _FIRST_SOLVES:
            self.due = now.arrived + self.every
        self.published = PriceList(
            version=f"solve-{self.solves}",
            valid_until=instant(now.at + 1),
            weeks=labels,
            prices=blend(previous, solved, max(self.weight, 1 / self.solves)),
        )

    def _market(self, now: Moment, places: Places) -> Market:
        pasts, week = len(self.season.history), int(now.at)
        pool = [a for past in self.season.history for a in past]
        so_far = Counter(a.demand.specialty for a in pool if a.at < now.at)
        future = drawn_future(
            [a.expected(week) for a in pool if a.at >= now.at],
            came=self.came,
            was_expected={k: n * self.season.volume / pasts for k, n in so_far.items()},
            rng=self.rng,
            volume=self.season.volume / pasts,
        )
        return Market(
            services=self.season.services,
            places={s: left[week:] for s, left in places.items()},
            expected=future,
        )


def _decided(
    index: ServiceIndex, arrival: Arrival, now: Moment, places: Places, prices: PriceList | None
) -> Booking:
    first = int(now.at)
    decision = decide(
        index,
        arrival.demand,
        lambda service: places[service][first:],
        WEEK_LABELS[first:],
        prices=prices,
        now=instant(now.at),
    )
    chosen = decision.chosen
    return None if chosen is None else (chosen.service, WEEK_LABELS.index(chosen.week))
