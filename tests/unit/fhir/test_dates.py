from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.fhir.dates import (
    end_of,
    ends_before_start,
    first_day,
    instant,
    is_ahead,
    is_over,
    last_day,
    offset_of,
)
from referral_core.fhir.r4.datatypes import Period


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026", date(2026, 1, 1)),
        ("2026-03", date(2026, 3, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-03-02T23:30:00-05:00", date(2026, 3, 2)),
    ],
)
def test_a_date_begins_on_its_first_day(text: str, day: date) -> None:
    assert first_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "2026-3",
        "2026-13",
        "2026-02-30",
        "2023-02-29",
        "0000-01-01",
        "2026-03-02T10:00Z",
        "2026-03-02T10:00:00",
        "2026-03-02T25:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T10:00:60Z",
        "2026-03-02T10:00:00+24:00",
        "2026-03-02T10:00:00-15:00",
        "2026-03-02T10:00:00+05:75",
        "2026-03-02 10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٦",
    ],
)
def test_what_never_happens_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant(text)


def test_an_instant_is_in_utc() -> None:
    assert instant("2026-03-02T09:05:00.125-05:00") == datetime(
        2026, 3, 2, 14, 5, 0, 125000, tzinfo=UTC
    )
    assert instant("2026-03") == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T18:59:60.5-05:00", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_leap_second_is_the_next_minutes_first(text: str, at: datetime) -> None:
    assert instant(text).replace(microsecond=0) == at


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_what_never_ends_ends_with_the_calendar(text: str) -> None:
    assert end_of(text) == datetime.max.replace(tzinfo=UTC)


def test_what_never_ends_may_be_written_west_of_utc() -> None:
    assert instant("9999-12-31T23:59:59-05:00") == datetime.max.replace(tzinfo=UTC)
    assert Period(end="9999-12-31T23:59:59-05:00").holds(datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        *(("2026-03-02T10:00:00-05:00", -300), ("2026-03-02T10:00:00+05:45", 345)),
        *(("2026-03-02T10:00:00Z", None), ("2026-03-02T10:00:00+00:00", None)),
        *(("2026-03-02T10:00:00-00:00", None), ("2026-03-02", None)),
    ],
)
def test_utc_says_nothing_of_where_a_clinic_is(text: str, minutes: int | None) -> None:
    assert offset_of(text) == minutes


@given(st.dates())
def test_a_day_ends_after_its_every_instant(day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert instant(day.isoformat()) <= noon < end_of(day.isoformat())
    assert last_day(f"{day:%Y-%m}" if day.year > 999 else day.isoformat()) >= day


@given(st.text())
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    try:
        assert instant(text).tzinfo is UTC
    except ValueError:
        return


@pytest.mark.parametrize(
    ("start", "end", "upside_down"),
    [
        ("2026", "2025", True),
        ("2026-03", "2026", False),
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-02T23:00:00-05:00", "2026-03-02", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00+05:00", True),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", False),
    ],
)
def test_a_period_is_compared_as_far_as_it_is_precise(
    start: str, end: str, *, upside_down: bool
) -> None:
    assert ends_before_start(start, end) is upside_down


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026", date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 31)),
        ("9999", date(9999, 12, 31)),
        ("2026-03-02", date(2026, 3, 2)),
        ("2026-03-02T23:30:00-05:00", date(2026, 3, 2)),
    ],
)
def test_a_date_ends_with_the_last_day_that_it_may_mean(text: str, day: date) -> None:
    assert last_day(text) == day


def test_a_bare_date_is_a_day_of_the_clocks_own_zone() -> None:
    late_evening = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    boston = late_evening.astimezone(ZoneInfo("America/New_York"))
    assert is_over("2026-03-02", late_evening)
    assert not is_over("2026-03-02", boston)
    assert is_ahead("2026-03-03", boston)
    assert not is_ahead("2026-03-03", late_evening)


_DATES = st.one_of(
    st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat),
    st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(lambda day: day.isoformat()[:7]),
    st.integers(1900, 2199).map(str),
    st.datetimes(
        datetime(1900, 1, 2),  # noqa: DTZ001
        datetime(2199, 12, 30),  # noqa: DTZ001
        timezones=st.just(UTC),
    ).map(lambda at: at.replace(microsecond=0).isoformat()),
)
_INSTANTS = st.datetimes(
    datetime(1900, 1, 2),  # noqa: DTZ001
    datetime(2199, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Honolulu")]),
)


@given(_DATES, _INSTANTS)
def test_a_date_lies_ahead_holds_now_or_is_over_and_never_two_of_them(
    text: str, at: datetime
) -> None:
    assert not (is_ahead(text, at) and is_over(text, at))
    within = Period(start=text, end=text).holds(at)
    assert within is not (is_ahead(text, at) or is_over(text, at))


@given(_DATES, _DATES, _INSTANTS)
def test_a_longer_period_holds_whatever_a_shorter_one_does(
    start: str, end: str, at: datetime
) -> None:
    if ends_before_start(start, end):
        return
    if Period(start=start, end=end).holds(at):
        assert Period(start=start).holds(at)
        assert Period(end=end).holds(at)
        assert Period().holds(at)


@given(_DATES, _INSTANTS, st.integers(0, 10_000))
def test_what_is_over_stays_over(text: str, at: datetime, days: int) -> None:
    if is_over(text, at):
        assert is_over(text, at + timedelta(days=days))
