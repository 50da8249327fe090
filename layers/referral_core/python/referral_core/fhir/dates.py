"""FHIR's dates and times: precise only as far as they say, and days that exist.

What is compared with a clock is compared at the precision stated, both ends included: `2026-03`
goes on until the end of March. A bare date is a day of the clock's own zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d)?)?\Z", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)\Z",
    re.ASCII,
)
_LEAP: Final = re.compile(r"(T\d\d:59):60(\.\d+)?(?=Z|[+-])", re.ASCII)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
"""The end of the calendar: what is written as 9999-12-31 never ends."""


def first_day(text: str) -> date:
    """Return the first day of a FHIR date (YYYY, YYYY-MM or YYYY-MM-DD) or dateTime.

    Raises:
        ValueError: it is none, or the day does not exist.
    """
    day = text.partition("T")[0]
    if not _DATE.match(day):
        raise ValueError("not a FHIR date")
    return date.fromisoformat(f"{day}-01-01"[: len("YYYY-MM-DD")])


def last_day(text: str) -> date:
    """Return the last day that a FHIR date or dateTime may mean.

    Raises:
        ValueError: it is none, or the day does not exist.
    """
    first = first_day(text)
    match text.partition("T")[0].count("-"):
        case 0:
            return first.replace(month=12, day=31)
        case 1:
            return first.replace(day=monthrange(first.year, first.month)[1])
        case _:
            return first


def is_ahead(text: str, at: datetime) -> bool:
    """Tell whether all that a date or dateTime may mean lies after an instant.

    Args:
        text: a valid date or dateTime.
        at: with its zone, in which a bare date is read.
    """
    return instant(text) > at if "T" in text else first_day(text) > at.date()


def is_over(text: str, at: datetime) -> bool:
    """Tell whether all that a date or dateTime may mean lies before an instant; see `is_ahead`."""
    return instant(text) < at if "T" in text else last_day(text) < at.date()


def instant(text: str, zone: tzinfo = UTC) -> datetime:
    """Return the beginning of a FHIR dateTime, in UTC; a bare date begins at midnight of the zone.

    A leap second is the first instant of the next minute, as clocks without them show it.

    Raises:
        ValueError: it is none, or it never happens.
    """
    if "T" not in text:
        day = first_day(text)
        # East of UTC the calendar's first day begins before the calendar.
        local = UTC if day == date.min else zone
        return _in_utc(datetime.combine(day, time(), local))
    if not _INSTANT.match(text):
        raise ValueError("not a FHIR dateTime")
    plain, leaps = _LEAP.subn(r"\1:59", text)
    return _in_utc(datetime.fromisoformat(plain), timedelta(seconds=leaps))


def _in_utc(written: datetime, more: timedelta = timedelta()) -> datetime:
    try:
        return written.astimezone(UTC) + more
    except OverflowError as error:
        # The last hours of the calendar, west of UTC, stand for no end; the first never happened.
        if written.year == _LAST.year:
            return _LAST
        raise ValueError("not a FHIR dateTime") from error


def end_of(text: str, zone: tzinfo = UTC) -> datetime:
    """Return the end of a FHIR date or dateTime, in UTC: a bare date ends with its last day.

    Args:
        text: a valid date or dateTime.
        zone: whose day a bare date is.

    Raises:
        ValueError: it is none, or it never happens.
    """
    if "T" in text:
        return instant(text)
    last = last_day(text)
    if last == date.max:
        return _LAST
    return instant((last + timedelta(days=1)).isoformat(), zone)


def after(at: datetime, by: timedelta) -> datetime:
    """Return an instant some time later, at most the last one of the calendar."""
    return _LAST if _LAST - at <= by else at + by


def offset_of(text: str) -> int | None:
    """Return the minutes from UTC that a dateTime is written with; None for `Z` or a date.

    `+00:00` is `Z`, as many a program writes it, and says nothing of where a clinic is.
    """
    match = _OFFSET.search(text)
    if match is None or "T" not in text:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return (-minutes if match[1] == "-" else minutes) or None


def ends_before_start(start: str, end: str) -> bool:
    """Tell whether a period is upside down; both are valid dates or dateTimes."""
    if "T" in start and "T" in end:
        return instant(start) > instant(end)
    # A bare date has no time zone: what can be compared is as precise as the less precise one.
    known = min(len(text.partition("T")[0]) for text in (start, end))
    return start[:known] > end[:known]
