"""Capacity by ISO week: where there is room, and what choosing somebody takes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from referral_core.domain.directory import Practitioner


def iso_week(day: date) -> str:
    """Return the ISO week of a day, as `2026-W07`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weeks_from(day: date, count: int) -> tuple[str, ...]:
    """Return `count` ISO weeks, the one of `day` first."""
    return tuple(iso_week(day + timedelta(weeks=i)) for i in range(count))


def earliest_week(
    practitioner: Practitioner, reserved: Mapping[str, int], weeks: Sequence[str]
) -> str | None:
    """Return the first ISO week with room; None when every week is full."""
    return next((w for w in weeks if reserved.get(w, 0) < practitioner.weekly_capacity), None)
