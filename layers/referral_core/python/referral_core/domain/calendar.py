"""Spans of time as operations state them, and the instants they lead to.

A span is written `3d` (calendar days), `4h`, `30m`, `2bd` (business days) or `4bh` (business
hours, 09:00-17:00). Business time follows the tenant's time zone and holiday calendar; patients
may be messaged and called between 08:00 and 21:00 of their own day (47 CFR 64.1200).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, WithJsonSchema

if TYPE_CHECKING:
    from holidays import HolidayBase

_SPAN: Final = re.compile(r"^(\d{1,4})(bd|bh|d|h|m)$")
_OPENS, _CLOSES = time(9), time(17)

DayPart = Literal["morning", "afternoon", "evening"]
_PARTS: Final[Mapping[DayPart, tuple[time, time]]] = {
    "morning": (time(8), time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time(21)),
}
_ANY_PART: Final = (_PARTS["morning"][0], _PARTS["evening"][1])
_MOST_ROUNDS: Final = 10
"""Each takes the instant on to where more zones are awake; a day decides whether all ever are."""


def _checked(text: str) -> str:
    if not _SPAN.match(text):
        raise ValueError(f"{text!r} is no span: write 3d, 4h, 30m, 2bd or 4bh")
    return text


Span = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": _SPAN.pattern}),
]


@cache
def _holidays(code: str) -> HolidayBase:
    # A third of a function's start, so it is loaded where a calendar is really asked.
    import holidays  # noqa: PLC0415

    country, _, subdivision = code.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None)


class BusinessCalendar:
    """Business days and hours of a tenant."""

    def __init__(self, time_zone: str, holiday_code: str) -> None:
        """Take an IANA zone and an ISO 3166 code such as `US-MA`."""
        self._zone = ZoneInfo(time_zone)
        self._holiday_code = holiday_code

    def is_business_day(self, day: date) -> bool:
        """Whether the tenant works on that day."""
        return day.weekday() < 5 and day not in _holidays(self._holiday_code)  # noqa: PLR2004 - Saturday

    def opens(self, at: datetime) -> datetime:
        """Return `at` when the tenant works then, else the next instant at which it does."""
        local = at.astimezone(self._zone)
        while True:
            opens = datetime.combine(local.date(), _OPENS, self._zone)
            closes = datetime.combine(local.date(), _CLOSES, self._zone)
            if self.is_business_day(local.date()) and local < closes:
                return max(local, opens).astimezone(UTC)
            local = datetime.combine(local.date() + timedelta(days=1), _OPENS, self._zone)

    def after(self, start: datetime, span: Span) -> datetime:
        """Return the UTC instant a span after `start`."""
        match = _SPAN.match(span)
        if match is None:
            raise ValueError(f"{span!r} is no span")
        amount, unit = int(match[1]), match[2]
        # Hours are elapsed time: Python's own arithmetic on a local instant would follow the clock.
        start = start.astimezone(UTC)
        match unit:
            case "d":
                # Civil days keep the wall-clock hour across a change of daylight saving.
                local = start.astimezone(self._zone) + timedelta(days=amount)
                # Of an hour that comes twice, arithmetic on the clock means the first.
                return max(start, local.astimezone(UTC))
            case "h":
                return start + timedelta(hours=amount)
            case "m":
                return start + timedelta(minutes=amount)
            case "bd":
                return self._business_days(start, amount)
            case _:
                return self._business_hours(start, timedelta(hours=amount))

    def _business_days(self, start: datetime, amount: int) -> datetime:
        local = start.astimezone(self._zone)
        while amount > 0:
            local += timedelta(days=1)
            if self.is_business_day(local.date()):
                amount -= 1
        return local.astimezone(UTC)

    def _business_hours(self, start: datetime, amount: timedelta) -> datetime:
        local = self.opens(start).astimezone(self._zone)
        while (left := datetime.combine(local.date(), _CLOSES, self._zone) - local) < amount:
            amount -= left
            local = self.opens(local + left).astimezone(self._zone)
        return (local + amount).astimezone(UTC)


_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def before(at: datetime, span: Span) -> datetime:
    """Return the instant a span of days, hours or minutes before another.

    Raises:
        ValueError: the span is one of business time.
    """
    match = _SPAN.match(span)
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"{span!r} is no span of days, hours or minutes")
    return at.astimezone(UTC) - int(match[1]) * _UNITS[match[2]]


_SMALLER: Final = {"bd": ("bh", 8), "d": ("h", 24), "h": ("m", 60)}
"""A unit → the next smaller one, and how many of them it has."""


def scaled(span: Span, share: float) -> Span:
    """Return a share of a span, in the largest unit that holds it whole; rounded down.

    Of time that is not nothing at least one of the smallest unit is left.
    """
    match = _SPAN.match(span)
    if match is None:
        raise ValueError(f"{span!r} is no span")
    amount, unit = int(match[1]) * share, match[2]
    while amount != int(amount) and unit in _SMALLER:
        unit, many = _SMALLER[unit]
        amount *= many
    return f"{max(int(amount), 1 if amount > 0 else 0)}{unit}"


class MessagingHours:
    """The hours in which a patient may be messaged or called."""

    def __init__(self, zones: Sequence[str]) -> None:
        """Take the IANA zones that the patient may be in, the likeliest first."""
        self._zones = tuple(ZoneInfo(zone) for zone in zones)

    def opens(self, now: datetime, part: DayPart | None = None) -> datetime:
        """Return `now` when the patient may be reached now, else the next instant they may.

        Args:
            now: the business instant.
            part: of the patient's day, by the likeliest zone; left aside where that part is
                night in another zone that the patient may be in.
        """
        at = now
        for _ in range(_MOST_ROUNDS):
            before = at
            at = _next_in(at, self._zones[0], _PARTS[part] if part else _ANY_PART)
            for zone in self._zones[1:]:
                at = _next_in(at, zone, _ANY_PART)
            if at == before:
                return at
        return self.opens(now) if part else at

    def part_of(self, at: datetime) -> DayPart:
        """Return the part of the patient's day at an instant."""
        local = at.astimezone(self._zones[0]).time()
        found: DayPart = "morning"
        for part, (start, _) in _PARTS.items():
            if local >= start:
                found = part
        return found

    def day_of(self, at: datetime) -> date:
        """Return the patient's date at an instant."""
        return at.astimezone(self._zones[0]).date()

    def next_day(self, at: datetime) -> datetime:
        """Return when the patient's next day begins."""
        tomorrow = self.day_of(at) + timedelta(days=1)
        return datetime.combine(tomorrow, time(0), self._zones[0]).astimezone(UTC)


def _next_in(at: datetime, zone: ZoneInfo, window: tuple[time, time]) -> datetime:
    local, (opens, closes) = at.astimezone(zone), window
    if local.time() < opens:
        return datetime.combine(local.date(), opens, zone).astimezone(UTC)
    if local.time() >= closes:
        tomorrow = local.date() + timedelta(days=1)
        return datetime.combine(tomorrow, opens, zone).astimezone(UTC)
    return at
