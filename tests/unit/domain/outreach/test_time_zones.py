"""Where a patient may be: a message wakes nobody in any part of their state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.calendar import DayPart, MessagingHours
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
        assert zones_of("Europe/Berlin", state=state) != ("Europe/Berlin",), state


@pytest.mark.parametrize("state", PLACES)
@pytest.mark.parametrize("day", [SUMMER, WINTER])
def test_a_message_is_sent_only_when_every_place_of_the_state_is_awake(
    state: str, day: datetime
) -> None:
    hours = MessagingHours(zones_of(BOSTON, state=state))
    for at in hours_of(day):
        opens = hours.opens(at)
        assert all(awake(opens, place) for place in PLACES[state]), (state, opens)
        if all(awake(at, place) for place in PLACES[state]):
            assert opens == at, "nobody sleeps, and yet the message waits"


def test_a_split_state_is_messaged_in_the_hours_that_both_parts_share() -> None:
    # Given Florida, which Eastern and Central time share
    hours = MessagingHours(zones_of(BOSTON, state="FL"))
    # When it is 08:30 in Miami and 07:30 in Pensacola, Then the message waits for Pensacola's 08:00
    early = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert hours.opens(early) == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    # When it is 20:30 in Pensacola and 21:30 in Miami, Then it waits for the morning
    late = datetime(2026, 7, 2, 1, 30, tzinfo=UTC)
    assert hours.opens(late) == datetime(2026, 7, 2, 13, 0, tzinfo=UTC)


def test_the_tenants_own_zone_is_the_likeliest_where_the_state_has_it() -> None:
    assert zones_of("America/Chicago", state="IN")[0] == "America/Chicago"
    assert zones_of("America/New_York", state="IN")[0] == "America/New_York"
    elsewhere, here = (zones_of(zone, state="IN") for zone in ("America/Los_Angeles", BOSTON))
    assert set(elsewhere) == set(here)


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
    assert zones_of("Europe/Berlin", state=written) == zones_of("Europe/Berlin", state=code)


@pytest.mark.parametrize("unknown", [None, "", "AE", "Ontario"])
@pytest.mark.parametrize("part", [None, "morning", "afternoon", "evening"])
def test_an_unknown_zone_is_not_here_but_all_of_them(
    unknown: str | None, part: DayPart | None
) -> None:
    zones = zones_of(BOSTON, state=unknown)
    assert zones[0] == BOSTON
    for at in hours_of(WINTER):
        opens = MessagingHours(zones).opens(at, part)
        assert all(awake(opens, zone) for zone in ("Pacific/Honolulu", BOSTON, "Pacific/Guam"))
        assert opens - at < timedelta(days=2)


@pytest.mark.parametrize(
    ("postal_code", "phone", "zones"),
    [
        ("02139", None, {"America/New_York"}),
        ("96701", "+15085550131", {"Pacific/Honolulu", "Pacific/Pago_Pago"}),
        ("37409", None, {"America/New_York", "America/Chicago"}),
        (None, "+18085550131", {"Pacific/Honolulu"}),
        ("00000", "+15085550131", {"America/New_York"}),
        (None, "+525512345678", {"America/Mexico_City"}),
    ],
)
def test_zip_code_and_area_code_say_where_no_state_does(
    postal_code: str | None, phone: str | None, zones: set[str]
) -> None:
    assert set(zones_of("Europe/Berlin", postal_code=postal_code, phone=phone)) == zones


def test_the_state_counts_before_the_zip_code_and_that_before_the_number() -> None:
    known = {"postal_code": "02139", "phone": "+18085550131"}
    assert zones_of(BOSTON, state="HI", **known) == ("Pacific/Honolulu",)
    assert zones_of(BOSTON, **known) == (BOSTON,)


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=16))
def test_whatever_is_written_leads_to_zones_that_exist(state: str, code: str, phone: str) -> None:
    zones = zones_of(BOSTON, state=state, postal_code=code, phone=phone)
    assert zones
    assert all(ZoneInfo(zone) for zone in zones)
