from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.fhir.dates import ends_before_start, first_day, instant


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
