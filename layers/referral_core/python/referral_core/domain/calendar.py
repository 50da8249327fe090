"""Spans of time as operations state them, and the instants they lead to.

A span is written `3d` (calendar days), `4h`, `30m`, `2bd` (business days) or `4bh` (business
hours, 09:00-17:00). Business time follows the tenant's time zone and holiday calendar; messages
may be sent between 08:00 and 21:00 of the recipient's day (47 CFR 64.1200).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator

_SPAN: Final = re.compile(r"^(\d{1,4})(bd|bh|d|h|m)$")
_OPENS, _CLOSES = time(9), time(17)
_MESSAGES_FROM, _MESSAGES_UNTIL = time(8), time(21)


def _checked(text: str) -> str:
    if not _SPAN.match(text):
        raise ValueError(f"{text!r} is no span: write 3d, 4h, 30m, 2bd or 4bh")
    return text


Span = Annotated[str, AfterValidator(_checked)]


@cache
def _holidays(code: str) -> holidays.HolidayBase:
    country, _, subdivision = code.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None)


class BusinessCalendar:
    """Business days and hours, and the hours in which a patient may be messaged."""

    def __init__(self, time_zone: str, holiday_code: str) -> None:
        """Take an IANA zone and an ISO 3166 code such as `US-MA`."""
        self._zone = ZoneInfo(time_zone)
        self._holidays = _holidays(holiday_code)

    def is_business_day(self, day: date) -> bool:
        """Whether the tenant works on that day."""
        return day.weekday() < 5 and day not in self._holidays  # noqa: PLR2004 - Saturday

    def after(self, start: datetime, span: Span) -> datetime:
        """Return the UTC instant a span after `start`."""
        match = _SPAN.match(span)
        if match is None:
            raise ValueError(f"{span!r} is no span")
        amount, unit = int(match[1]), match[2]
        match unit:
            case "d":
                # Civil days keep the wall-clock hour across a change of daylight saving.
                local = start.astimezone(self._zone) + timedelta(days=amount)
                return local.astimezone(UTC)
            case "h":
                return start + timedelta(hours=amount)
            case "m":
                return start + timedelta(minutes=amount)
            case "bd":
                return self._business_days(start, amount)
            case _:
                return self._business_hours(start, timedelta(hours=amount))

    def messaging_opens(self, now: datetime) -> datetime:
        """Return `now` when a patient may be messaged now, else the next instant they may."""
        local = now.astimezone(self._zone)
        if local.time() < _MESSAGES_FROM:
            local = datetime.combine(local.date(), _MESSAGES_FROM, self._zone)
        elif local.time() >= _MESSAGES_UNTIL:
            tomorrow = local.date() + timedelta(days=1)
            local = datetime.combine(tomorrow, _MESSAGES_FROM, self._zone)
        return local.astimezone(UTC)

    def _business_days(self, start: datetime, amount: int) -> datetime:
        local = start.astimezone(self._zone)
        while amount > 0:
            local += timedelta(days=1)
            if self.is_business_day(local.date()):
                amount -= 1
        return local.astimezone(UTC)

    def _business_hours(self, start: datetime, amount: timedelta) -> datetime:
        local = start.astimezone(self._zone)
        while True:
            opens = datetime.combine(local.date(), _OPENS, self._zone)
            closes = datetime.combine(local.date(), _CLOSES, self._zone)
            if self.is_business_day(local.date()) and local < closes:
                local = max(local, opens)
                if closes - local >= amount:
                    return (local + amount).astimezone(UTC)
                amount -= closes - local
            local = datetime.combine(local.date() + timedelta(days=1), _OPENS, self._zone)
