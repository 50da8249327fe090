"""Days until seen, where a place that opens wakes who waits, against looking again now and then.

One clinic, more referrals than places, and cancellations all the time. The product's own routing,
reservations and waitlist run on virtual time, in memory: once with the waitlist served as places
open, once with nothing but the deadlines of the waits, which is how a router that polls works.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from statistics import mean, quantiles
from typing import Final

from referral_core.domain.routing.capacity import first_day, weeks_from
from referral_core.lifecycle.engine.process_due import process_due
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.waiting_room import RULES, WaitingRoom

_NPI: Final = "1000000001"
_PLACES: Final = 12
_REFERRALS: Final = 60
_DAYS: Final = 42
_ARRIVE_DAYS: Final = 14
_CANCELLED_A_DAY: Final = 0.7
_SEEDS: Final = range(3)
_RULES: Final = RULES.but(routing=RULES.routing.but(weeks_ahead=2, waitlist_tries=99))
"""Two weeks are booked, so that somebody waits; and nobody is handed to a person, which would end a
wait that is to be compared."""
_STEP_H: Final = 3


@dataclass
class Season:
    """One season on virtual time.

    Attributes:
        wakes: whether places that open wake who waits.
        empty_hours: for how long places of the next week stood empty while somebody waited.
    """

    seed: int
    wakes: bool

    def __post_init__(self) -> None:
        """Begin with an empty clinic."""
        self._rng = Random(self.seed)  # noqa: S311 - figures, not secrets
        self._room = WaitingRoom(a_practitioner(_NPI, weekly_capacity=_PLACES), rules=_RULES)
        self._arrivals = sorted(self._rng.uniform(0, _ARRIVE_DAYS) for _ in range(_REFERRALS))
        self._gone: set[str] = set()
        self.empty_hours = 0

    def seen(self) -> list[int]:
        """Play the season and return the days until seen, of all who did not cancel."""
        for hour in range(0, _DAYS * 24, _STEP_H):
            self._room.clock.move_to(START + timedelta(hours=hour))
            self._arrive(hour / 24)
            if self._rng.random() < _CANCELLED_A_DAY * _STEP_H / 24:
                self._cancel()
            self._deadlines()
            self.empty_hours += _STEP_H * self._empty_places()
        found = [self._days(f"r{n:03d}", at) for n, at in enumerate(self._arrivals)]
        return [days for days in found if days is not None]

    def _arrive(self, day: float) -> None:
        for n, at in enumerate(self._arrivals):
            if day <= at < day + _STEP_H / 24:
                self._room.arrive(f"r{n:03d}", START + timedelta(days=at))
                if self.wakes:
                    self._room.joined(f"r{n:03d}")

    def _cancel(self) -> None:
        """Let a patient cancel whose week has not begun."""
        offers = {str(s.referral.id): s.referral.offer for s in self._room.store.all()}
        today = self._now().date()
        may = [
            (name, offer.reservation)
            for name, offer in offers.items()
            if offer is not None
            and offer.reservation is not None
            and name not in self._gone
            and first_day(offer.reservation.week) >= today
        ]
        if not may:
            return
        wanted, reservation = self._rng.choice(may)
        self._gone.add(wanted)
        self._room.free(_NPI, reservation.week)
        if self.wakes:
            self._room.opened(_NPI, reservation.week)

    def _deadlines(self) -> None:
        for tenant, referral_id in list(self._room.store.due(self._now(), 100)):
            if str(referral_id) in self._room.waiting():
                process_due(self._room.engine, tenant, referral_id)
                self._room.route(str(referral_id))
                if self.wakes:
                    self._room.joined(str(referral_id))

    def _empty_places(self) -> int:
        """Count the places of the weeks in sight that are empty while somebody waits for one."""
        if not self._room.waiting():
            return 0
        # This week's may lie too near to be offered; next week's may not.
        (_, following) = weeks_from(self._now().date(), 2)
        reserved = self._room.store.reserved[TENANT, _NPI, following]
        return max(0, _PLACES - reserved)

    def _days(self, referral_id: str, arrived: float) -> int | None:
        """Return the days until a patient's week begins, or the season ends without one."""
        if referral_id in self._gone:
            return None
        came, offer = START + timedelta(days=arrived), self._room.read(referral_id).offer
        if offer is None or offer.reservation is None:
            return _DAYS - int(arrived)
        return max(0, (first_day(offer.reservation.week) - came.date()).days)

    def _now(self) -> datetime:
        return self._room.clock.now()


def main() -> None:
    """Print both seasons of each seed, and all of them together."""
    print(
        f"{_REFERRALS} referrals in {_ARRIVE_DAYS} days, {_PLACES} places a week, tenant {TENANT}"
    )
    print(f"{'':<10}{'kept':>6}{'mean days':>11}{'p95':>6}{'empty place-hours':>19}")
    for name, wakes in (("polling", False), ("waitlist", True)):
        seasons = [Season(seed, wakes) for seed in _SEEDS]
        days = [d for season in seasons for d in season.seen()]
        empty = sum(season.empty_hours for season in seasons)
        late = quantiles(days, n=20)[-1]
        print(f"{name:<10}{len(days):>6}{mean(days):>11.1f}{late:>6.0f}{empty:>19}")


if __name__ == "__main__":
    main()
