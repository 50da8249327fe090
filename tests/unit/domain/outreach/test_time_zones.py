"""Where a patient may be: a message wakes nobody in any part of their state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from referral_core.domain.calendar import MessagingHours
from referral_core.domain.outreach.time_zones import zones_of

BOSTON = "America/New_York"
STATES = [
    *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA"),
    *("KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ"),
    *("NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT"),
    *("VA", "WA", "WV", "WI", "WY", "DC", "PR", "VI", "GU", "MP", "AS"),
]
# Places that tzdata gives their own zone: what their clocks really show must be covered.
PLACES = {
    "IN": ("America/Indiana/Indianapolis", "America/Indiana/Tell_City", "America/Indiana/Knox"),
    "KY": ("America/Kentucky/Louisville", "America/Chicago"),
    "MI": ("America/Detroit", "America/Menominee"),
    "ND": ("America/North_Dakota/Center", "America/Denver"),
    "ID": ("America/Boise", "America/Los_Angeles"),
    "AZ": ("America/Phoenix", "America/Denver"),  # the Navajo Nation keeps daylight saving
    "AK": ("America/Anchorage", "America/Juneau", "America/Nome", "America/Adak"),
    "FL": ("America/New_York", "America/Chicago"),
    "TN": ("America/Chicago", "America/New_York"),
    "TX": ("America/Chicago", "America/Denver"),
    "KS": ("America/Chicago", "America/Denver"),
    "NE": ("America/Chicago", "America/Denver"),
    "SD": ("America/Chicago", "America/Denver"),
    "OR": ("America/Los_Angeles", "America/Boise"),
    "NV": ("America/Los_Angeles", "America/Denver"),
    "HI": ("Pacific/Honolulu",),
    "PR": ("America/Puerto_Rico",),
    "VI": ("America/St_Thomas",),
    "GU": ("Pacific/Guam",),
    "MP": ("Pacific/Saipan",),
    "AS": ("Pacific/Pago_Pago",),
    "DC": ("America/New_York",),
}
SUMMER, WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC)


def awake(at: datetime, zone: str) -> bool:
    return 8 <= at.astimezone(ZoneInfo(zone)).hour < 21


def hours_of(day: datetime) -> list[datetime]:
    return [day + timedelta(minutes=30 * n) for n in range(48)]


def test_every_state_and_territory_has_its_zones() -> None:
    assert len(STATES) == 56
    for state in STATES:
        # The tenant's zone is none of theirs, so that the fallback shows.
        assert zones_of(state, "Europe/Berlin") != ("Europe/Berlin",), state


@pytest.mark.parametrize("state", PLACES)
@pytest.mark.parametrize("day", [SUMMER, WINTER])
def test_a_message_is_sent_only_when_every_place_of_the_state_is_awake(
    state: str, day: datetime
) -> None:
    hours = MessagingHours(zones_of(state, BOSTON))
    for at in hours_of(day):
        opens = hours.opens(at)
        assert all(awake(opens, place) for place in PLACES[state]), (state, opens)
        if all(awake(at, place) for place in PLACES[state]):
            assert opens == at, "nobody sleeps, and yet the message waits"


def test_a_split_state_is_messaged_in_the_hours_that_both_parts_share() -> None:
    # Given Florida, which Eastern and Central time share
    hours = MessagingHours(zones_of("FL", BOSTON))
    # When it is 08:30 in Miami and 07:30 in Pensacola, Then the message waits for Pensacola's 08:00
    early = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert hours.opens(early) == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    # When it is 20:30 in Pensacola and 21:30 in Miami, Then it waits for the morning
    late = datetime(2026, 7, 2, 1, 30, tzinfo=UTC)
    assert hours.opens(late) == datetime(2026, 7, 2, 13, 0, tzinfo=UTC)


def test_the_tenants_own_zone_is_the_likeliest_where_the_state_has_it() -> None:
    assert zones_of("IN", "America/Chicago")[0] == "America/Chicago"
    assert zones_of("IN", "America/New_York")[0] == "America/New_York"
    assert set(zones_of("IN", "America/Los_Angeles")) == set(zones_of("IN", "America/Chicago"))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Massachusetts", "MA"),  # as Synthea writes it
        ("california", "CA"),
        (" ca ", "CA"),
        ("District of Columbia", "DC"),
        ("NEW  MEXICO", "NM"),
        ("Puerto Rico", "PR"),
    ],
)
def test_a_state_may_be_written_out(written: str, code: str) -> None:
    assert zones_of(written, "Europe/Berlin") == zones_of(code, "Europe/Berlin")


@pytest.mark.parametrize("unknown", [None, "", "AE", "Ontario"])
def test_of_a_patient_whose_state_is_not_known_the_tenants_zone_counts(unknown: str | None) -> None:
    assert zones_of(unknown, BOSTON) == (BOSTON,)
