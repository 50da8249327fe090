"""Clocks: the wall on AWS; one told by a file on one machine; a hand-set one in tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any


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
    """Business time as a file tells it: whoever keeps the file sets the pace for all processes.

    The file holds one line of JSON: `{"at", "since", "span_s", "rate", "fastest"}`: the virtual
    instant that the real instant `since` stands for (both ISO 8601 with offset), for how many real
    seconds time goes on from there, the virtual seconds per real second, and the most that they
    ever are. Time that is not told of in time stands still, so that a keeper who is late makes
    every clock wait for it.
    """

    def __init__(self, file: str, grace_seconds: float) -> None:
        """Take the file, and how long a running step may be silent, in real seconds."""
        self._file = file
        self._grace_s = grace_seconds

    def now(self) -> datetime:
        """Return the virtual instant in UTC.

        Raises:
            OSError, ValueError: the file is not there, or says something else.
        """
        told = self._told()
        passed = (datetime.now(UTC) - datetime.fromisoformat(told["since"])).total_seconds()
        passed = min(max(passed, 0.0), told["span_s"])
        return datetime.fromisoformat(told["at"]) + timedelta(seconds=passed * told["rate"])

    def grace(self) -> timedelta:
        """Return the watchdog's grace in virtual time; in real time it is never shorter."""
        return timedelta(seconds=self._grace_s * self._told()["fastest"])

    def _told(self) -> dict[str, Any]:
        with open(self._file, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a start
            told: dict[str, Any] = json.load(file)
        return told


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
