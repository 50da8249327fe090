"""Spans and quiet hours where the clock is put forward or back: nothing goes back, or out at night.

Hours that a clock skips or repeats lie at night in all of the United States; zones that change at
other hours, by half an hour, or over a whole day, are judged by the same rules.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral_core.domain.calendar import BusinessCalendar, MessagingHours
from referral_core.domain.outreach.time_zones import _EVERY_STATES

STRANGE = (
    *("America/Havana", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Europe/Dublin"),
    *("Pacific/Apia", "America/St_Johns", "America/Nuuk", "Asia/Gaza", "UTC"),
)
ZONES = (*_EVERY_STATES, *STRANGE)
CHANGES = tuple(
    datetime(*day, tzinfo=UTC)
    for day in (
        *((2026, 3, 8), (2026, 11, 1), (2027, 3, 14), (2027, 11, 7)),
        *((2026, 3, 28), (2026, 10, 24), (2026, 4, 5), (2011, 12, 29)),
    )
)
"""Days on which clocks change: of the United States the first four."""
INSTANTS = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-24 * 60, 72 * 60),
)
HOUR = timedelta(hours=1)


@given(INSTANTS, st.sampled_from(ZONES), st.integers(0, 9), st.sampled_from(["d", "bd", "bh", "h"]))
@example(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", 0, "d")
def test_no_span_leads_back(at: datetime, zone: str, amount: int, unit: str) -> None:
    calendar = BusinessCalendar(zone, "US")
    due = calendar.after(at, f"{amount}{unit}")
    assert due >= at
    assert due <= calendar.after(at, f"{amount + 1}{unit}")


@given(INSTANTS, st.sampled_from(_EVERY_STATES), st.integers(1, 9))
def test_a_day_later_is_the_same_hour_on_the_clock(at: datetime, zone: str, days: int) -> None:
    due = BusinessCalendar(zone, "US").after(at, f"{days}d")
    assert abs(due - at - timedelta(days=days)) <= HOUR
    here, there = at.astimezone(ZoneInfo(zone)), due.astimezone(ZoneInfo(zone))
    skipped = here.replace(tzinfo=None) + timedelta(days=days) != there.replace(tzinfo=None)
    # Only an hour that the clock skips is another one: the next.
    assert not skipped or (there.hour == 3 and there.dst() == HOUR)


@given(INSTANTS, st.lists(st.sampled_from(_EVERY_STATES), min_size=1, max_size=3))
def test_nobody_is_reached_at_night(at: datetime, zones: list[str]) -> None:
    hours = MessagingHours(zones)
    opens = hours.opens(at)
    assert opens >= at
    assert hours.opens(opens) == opens
    for zone in zones:
        assert time(8) <= opens.astimezone(ZoneInfo(zone)).time() < time(21)
    if opens > at:
        # It is the first such instant: a minute before, somebody sleeps.
        before = (opens - timedelta(minutes=1)).astimezone
        assert any(not time(8) <= before(ZoneInfo(z)).time() < time(21) for z in zones)


@given(INSTANTS, st.sampled_from(ZONES), st.integers(0, 180))
def test_one_message_a_day_is_one_where_an_hour_comes_twice(
    at: datetime, zone: str, later: int
) -> None:
    hours = MessagingHours([zone])
    day, tomorrow = hours.day_of(at), hours.next_day(at)
    assert tomorrow > at
    assert hours.day_of(tomorrow) > day
    assert hours.day_of(tomorrow - timedelta(microseconds=1)) == day or zone == "Pacific/Apia"
    assert hours.day_of(at + timedelta(minutes=later)) >= day


@pytest.mark.parametrize("zone", _EVERY_STATES)
@pytest.mark.parametrize("day", CHANGES[:4])
def test_both_of_a_repeated_hour_wait_for_the_same_morning(zone: str, day: datetime) -> None:
    hours = MessagingHours([zone])
    first = datetime.combine(day, time(1, 30), ZoneInfo(zone)).astimezone(UTC)
    opened = {hours.opens(first + n * timedelta(minutes=30)) for n in range(5)}
    assert opened == {datetime.combine(day, time(8), ZoneInfo(zone)).astimezone(UTC)}
