"""Capacity by ISO week: where there is room, and what choosing somebody takes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.slots import Slot

_THIRD: Final = 3


def iso_week(day: date) -> str:
    """Return the ISO week of a day, as `2026-W07`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weeks_from(day: date, count: int) -> tuple[str, ...]:
    """Return `count` ISO weeks, the one of `day` first."""
    return tuple(iso_week(day + timedelta(weeks=i)) for i in range(count))


def first_day(week: str) -> date:
    """Return the Monday of an ISO week."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def days_of(week: str) -> Iterator[date]:
    """Iterate over the seven days of an ISO week, Monday first."""
    return (first_day(week) + timedelta(days=n) for n in range(7))


def days_to_third_place(
    practitioner: Practitioner, reserved: Mapping[str, int], weeks: Sequence[str], today: date
) -> int | None:
    """Return the days until the week of a practitioner's third free place; None beyond the weeks.

    The third next available is a measure of access that one cancelled visit does not sway.
    """
    free = 0
    for week in weeks:
        free += max(0, practitioner.places_in(week) - reserved.get(week, 0))
        if free >= _THIRD:
            return max(0, (first_day(week) - today).days)
    return None


def days_to_third_slot(slots: Iterable[Slot], today: date) -> int | None:
    """Return the days until the third of some slots that may be reserved; None: there are fewer.

    Args:
        slots: soonest first.
        today: in the zone in which the slots are written.
    """
    third = next(islice(slots, _THIRD - 1, None), None)
    return None if third is None else max(0, (third.start.date() - today).days)


def weeks_until(weeks: Sequence[str], day: date) -> tuple[str, ...]:
    """Return those of some ISO weeks that begin no later than the one of a day."""
    return tuple(week for week in weeks if week <= iso_week(day))


def earliest_week(
    practitioner: Practitioner, reserved: Mapping[str, int], weeks: Sequence[str]
) -> str | None:
    """Return the first ISO week with room; None when every week is full."""
    return next((w for w in weeks if reserved.get(w, 0) < practitioner.places_in(w)), None)
