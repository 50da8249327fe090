"""Clocks: the wall on AWS; origin and rate on one machine; a hand-set one in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class WallClock:
    """Business time is real time."""

    def __init__(self, grace_seconds: float) -> None:
        """Take how long a running step may be silent, in real seconds."""
        self._grace = timedelta(seconds=grace_seconds)

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def grace(self) -> timedelta:
        """Return the watchdog's grace."""
        return self._grace


class VirtualClock:
    """Business time runs `rate` times as fast as real time, from an origin."""

    def __init__(
        self, origin: datetime, started: datetime, rate: float, grace_seconds: float
    ) -> None:
        """Take the virtual origin, the real instant it stands for, and the rate.

        Args:
            origin: the virtual instant at `started`.
            started: the real instant at which virtual time began.
            rate: virtual seconds per real second.
            grace_seconds: how long a running step may be silent, in real seconds.
        """
        self._origin = origin
        self._started = started
        self._rate = rate
        self._grace = timedelta(seconds=grace_seconds * rate)

    def now(self) -> datetime:
        """Return the virtual instant in UTC."""
        return self._origin + (datetime.now(UTC) - self._started) * self._rate

    def grace(self) -> timedelta:
        """Return the watchdog's grace in virtual time."""
        return self._grace


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime, grace: timedelta = timedelta(minutes=5)) -> None:
        """Take the first instant."""
        self._now = now
        self._grace = grace

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._now

    def grace(self) -> timedelta:
        """Return the watchdog's grace."""
        return self._grace

    def move(self, by: timedelta) -> None:
        """Move forward."""
        self._now += by

    def move_to(self, instant: datetime) -> None:
        """Move to a later instant; an earlier one changes nothing."""
        self._now = max(self._now, instant)
