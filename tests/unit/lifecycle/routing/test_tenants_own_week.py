"""Weeks are the tenant's own: where it is Monday there, and until when the order leaves time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from referral_core.domain.directory import TenantProfile
from referral_core.domain.terminology import Priority, Urgency
from referral_core.lifecycle.routing.turns import weeks_in_time
from tests.unit.lifecycle.waiting_room import WaitingRoom

BOSTON, GUAM, HONOLULU = "America/New_York", "Pacific/Guam", "Pacific/Honolulu"


def weeks_at(at: datetime, zone: str, ends_at: datetime | None = None) -> tuple[str, ...]:
    room = WaitingRoom()
    room.clock.move(at - room.clock.now())
    profile = next(r for r in room.directory._records if isinstance(r, TenantProfile))
    room.directory._records = (profile.but(time_zone=zone),)
    referral = room.new("a")
    if ends_at is not None:
        urgency = Urgency(level=Priority.ROUTINE, ends_at=ends_at)
        referral = referral.but(service=referral.service.but(urgency=urgency))
    return weeks_in_time(room.engine.case(referral))


@pytest.mark.parametrize(
    ("at", "zone", "first"),
    [
        (datetime(2026, 3, 8, 22, tzinfo=UTC), GUAM, "2026-W11"),  # Monday, eight o'clock
        (datetime(2026, 3, 8, 13, tzinfo=UTC), GUAM, "2026-W10"),  # Sunday, eleven at night
        (datetime(2026, 3, 9, 3, tzinfo=UTC), BOSTON, "2026-W10"),  # Sunday, eleven at night
        (datetime(2026, 3, 9, 4, tzinfo=UTC), BOSTON, "2026-W11"),  # clocks were put forward
        (datetime(2026, 11, 2, 4, 30, tzinfo=UTC), BOSTON, "2026-W44"),  # and back
        (datetime(2026, 11, 2, 5, tzinfo=UTC), BOSTON, "2026-W45"),
        (datetime(2026, 3, 9, 9, tzinfo=UTC), HONOLULU, "2026-W10"),
        (datetime(2027, 1, 4, 4, tzinfo=UTC), BOSTON, "2026-W53"),
        (datetime(2027, 1, 4, 5, tzinfo=UTC), BOSTON, "2027-W01"),
    ],
)
def test_the_first_week_is_that_of_the_tenants_day(at: datetime, zone: str, first: str) -> None:
    assert weeks_at(at, zone)[0] == first


@pytest.mark.parametrize(
    ("ends", "last"),
    [
        # What is wanted by the end of a Sunday in Boston is not wanted in the week after.
        (datetime(2026, 3, 16, 3, 59, tzinfo=UTC), "2026-W11"),
        (datetime(2026, 3, 16, 4, 0, tzinfo=UTC), "2026-W12"),
        (datetime(2027, 1, 4, 4, 59, tzinfo=UTC), "2026-W53"),
    ],
)
def test_no_week_begins_after_the_tenants_day_by_which_it_is_wanted(
    ends: datetime, last: str
) -> None:
    since = datetime(2026, 12, 28, 15, tzinfo=UTC) if ends.year > 2026 else None
    at = since or datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert weeks_at(at, BOSTON, ends)[-1] == last
