"""Spans, business time, and the hours in which a patient may be reached."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from referral_core.domain.calendar import BusinessCalendar, DayPart, MessagingHours, Span, before

BOSTON = ZoneInfo("America/New_York")
CALENDAR = BusinessCalendar("America/New_York", "US-MA")
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
PARTS: dict[DayPart, tuple[int, int]] = {
    "morning": (8, 12),
    "afternoon": (12, 17),
    "evening": (17, 21),
}


def boston(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BOSTON)


# --- spans ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3d", "4h", "30m", "2bd", "4bh", "0m"])
def test_a_span_is_a_number_and_a_unit(text: str) -> None:
    assert TypeAdapter(Span).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "d", "3", "3w", "-1d", "1.5d", "3 d", "10000d", "3D"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Span).validate_python(text)
    with pytest.raises(ValueError, match="no span"):
        CALENDAR.after(boston(3, 2), text)


# --- business time ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        (boston(3, 2), "1bd", boston(3, 3)),  # Monday to Tuesday
        (boston(3, 6), "1bd", boston(3, 9)),  # Friday to Monday, over the change to summer time
        (boston(3, 7), "1bd", boston(3, 9)),  # Saturday
        (boston(4, 17), "1bd", boston(4, 21)),  # Patriots' Day is one in Massachusetts
        (boston(9, 4), "1bd", boston(9, 8)),  # Labor Day
        (boston(12, 24), "1bd", boston(12, 28)),
        (boston(3, 2, 10), "4bh", boston(3, 2, 14)),
        (boston(3, 2, 15), "4bh", boston(3, 3, 11)),
        (boston(3, 2, 20), "4bh", boston(3, 3, 13)),
        (boston(3, 6, 16), "4bh", boston(3, 9, 12)),
        (boston(3, 7, 3), "4bh", boston(3, 9, 13)),
        (boston(3, 2, 7), "8bh", boston(3, 2, 17)),
        (boston(3, 2, 9), "16bh", boston(3, 3, 17)),
        (boston(3, 7, 10), "1d", boston(3, 8, 10)),  # 23 hours, but the same hour of the day
        (boston(10, 31, 10), "1d", boston(11, 1, 10)),  # 25 hours
        (boston(3, 8, 1), "2h", boston(3, 8, 4)),  # the hour that is not there
        (boston(3, 2), "30m", boston(3, 2, 10, 30)),
    ],
)
def test_a_span_ends_when_operations_say_it_does(start: datetime, span: str, end: datetime) -> None:
    assert CALENDAR.after(start, span) == end.astimezone(UTC)


def test_a_day_off_is_the_tenants_own() -> None:
    # Independence Day, a Saturday in 2026, is kept on Friday in Illinois and not in Massachusetts.
    assert not BusinessCalendar("America/Chicago", "US-IL").is_business_day(date(2026, 7, 3))
    assert CALENDAR.is_business_day(date(2026, 7, 3))
    assert not CALENDAR.is_business_day(date(2026, 4, 20))
    assert BusinessCalendar("America/Chicago", "US-IL").is_business_day(date(2026, 4, 20))


@given(INSTANTS, st.integers(1, 30))
def test_business_days_end_on_one_and_more_of_them_end_later(start: datetime, days: int) -> None:
    ends = CALENDAR.after(start, f"{days}bd")
    assert CALENDAR.is_business_day(ends.astimezone(BOSTON).date())
    assert CALENDAR.after(start, f"{days + 1}bd") > ends > start


@given(INSTANTS, st.integers(1, 60))
def test_business_hours_end_in_business_hours(start: datetime, hours: int) -> None:
    ends = CALENDAR.after(start, f"{hours}bh")
    local = ends.astimezone(BOSTON)
    assert CALENDAR.is_business_day(local.date())
    assert timedelta(hours=9) < local - local.replace(hour=0, minute=0, second=0, microsecond=0)
    assert (local.hour, local.minute, local.second) <= (17, 0, 0)
    assert CALENDAR.after(start, f"{hours + 1}bh") > ends >= start + timedelta(hours=hours)


@given(INSTANTS)
def test_a_tenant_opens_in_its_hours_and_at_once_when_it_is_open(at: datetime) -> None:
    opens = CALENDAR.opens(at)
    local = opens.astimezone(BOSTON)
    assert opens >= at
    assert CALENDAR.is_business_day(local.date())
    assert 9 <= local.hour < 17
    assert CALENDAR.opens(opens) == opens


@pytest.mark.parametrize(
    ("span", "at"), [("3d", boston(3, 4, 9)), ("3h", boston(3, 7, 6)), ("30m", boston(3, 7, 8, 30))]
)
def test_a_reminder_comes_a_span_before_the_visit(span: str, at: datetime) -> None:
    assert before(boston(3, 7, 9), span) == at.astimezone(UTC)


def test_a_reminder_cannot_be_planned_in_business_time() -> None:
    with pytest.raises(ValueError, match="days, hours or minutes"):
        before(boston(3, 7, 9), "1bd")


# --- the patient's day ------------------------------------------------------------------------


@given(INSTANTS, st.sampled_from(["morning", "afternoon", "evening", None]))
def test_a_patient_is_reached_in_the_hours_that_the_law_allows(
    at: datetime, part: DayPart | None
) -> None:
    hours = MessagingHours(("America/New_York", "America/Chicago"))
    opens = hours.opens(at, part)
    assert at <= opens <= at + timedelta(days=2)
    for zone in ("America/New_York", "America/Chicago"):
        assert 8 <= opens.astimezone(ZoneInfo(zone)).hour < 21
    if part is not None:
        first, last = PARTS[part]
        assert first <= opens.astimezone(BOSTON).hour < last
        assert hours.part_of(opens) == part


def test_the_hours_follow_daylight_saving() -> None:
    hours = MessagingHours(("America/New_York",))
    winter, summer = boston(3, 7, 7, 59), boston(3, 8, 7, 59)
    assert hours.opens(winter) == datetime(2026, 3, 7, 13, 0, tzinfo=UTC)
    assert hours.opens(summer) == datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (boston(3, 2, 8), boston(3, 2, 8)),
        (boston(3, 2, 20, 59), boston(3, 2, 20, 59)),
        (boston(3, 2, 21), boston(3, 3, 8)),
        (boston(3, 2, 0), boston(3, 2, 8)),
    ],
)
def test_the_first_and_last_minutes_of_the_day(at: datetime, opens: datetime) -> None:
    assert MessagingHours(("America/New_York",)).opens(at) == opens


def test_a_patients_day_is_their_own() -> None:
    hours = MessagingHours(("Pacific/Honolulu",))
    at = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)  # 22:00 of the day before in Honolulu
    assert hours.day_of(at) == date(2026, 3, 2)
    assert hours.next_day(at) == datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
    assert hours.part_of(at) == "evening"
