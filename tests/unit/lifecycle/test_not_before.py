"""An order that wants its service later: nothing is booked or asked before its time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.routing.capacity import first_day
from referral_core.domain.updates import AppointmentBooked
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, reason_of
from tests.unit.fhir.orders import Json, an_order
from tests.unit.lifecycle.work_item_worlds import decide, of_order

LATER = date(2026, 3, 20)
WAYS: list[Json] = [
    {"occurrencePeriod": {"start": LATER.isoformat()}},
    {"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": LATER.isoformat()}}}},
    {"occurrenceDateTime": (LATER + timedelta(weeks=4)).isoformat()},
]


@pytest.mark.parametrize("said", WAYS)
def test_no_place_before_the_day_is_taken(said: Json) -> None:
    world = of_order(an_order(**said))
    offer = world.referral.offer
    assert offer is not None
    assert offer.reservation is not None
    assert first_day(offer.reservation.week) + timedelta(days=6) >= LATER


@pytest.mark.parametrize(("days", "is_early"), [(-1, True), (0, False), (3, False)])
def test_a_booking_before_the_day_is_a_persons_matter(days: int, *, is_early: bool) -> None:
    world = of_order(an_order(**WAYS[0]))
    accepted(world)
    agreed(world)
    start = world.clock.now().replace(year=LATER.year, month=LATER.month, day=LATER.day)
    world.report(AppointmentBooked, start=start + timedelta(days=days))
    assert (reason_of(world) is Reason.VISIT_TOO_EARLY) is is_early


@pytest.mark.parametrize("start", ["2026-09-01", "2027", "9999-12-31"])
def test_what_is_wanted_far_ahead_waits_and_is_looked_at(start: str) -> None:
    world = of_order(an_order(occurrencePeriod={"start": start}))
    referral = world.referral
    assert (referral.status, referral.current_step) == (Status.RECEIVED, Step.CHECK_READINESS)
    assert referral.waits_for is Party.ROUTER
    assert referral.due_at <= world.clock.now() + timedelta(days=60)


def test_it_goes_on_when_its_weeks_come_into_sight() -> None:
    world = of_order(an_order(occurrencePeriod={"start": "2026-06-15"}))
    for _ in range(12):
        if world.referral.offer is not None:
            break
        world.wait()
    offer = world.referral.offer
    assert offer is not None
    assert offer.reservation is not None
    assert first_day(offer.reservation.week) >= date(2026, 6, 15)
    assert world.clock.now().date() < date(2026, 6, 15)


@pytest.mark.parametrize("priority", ["urgent", "stat"])
def test_an_urgent_order_for_later_is_urgent_from_then_on(priority: str) -> None:
    world: World = of_order(an_order(occurrencePeriod={"start": "2026-09-01"}, priority=priority))
    assert world.referral.current_step is Step.CHECK_READINESS
    assert world.referral.work_item is None


def test_a_later_visit_that_was_agreed_on_is_no_leave_for_an_earlier_one() -> None:
    world = of_order(an_order(occurrencePeriod={"start": "2026-03-23", "end": "2026-03-29"}))
    accepted(world)
    agreed(world)
    world.report(AppointmentBooked, start=datetime(2026, 3, 31, 15, tzinfo=UTC))
    decide(world, "accept-later")
    world.report(AppointmentBooked, start=datetime(2026, 3, 6, 15, tzinfo=UTC))
    assert reason_of(world) is Reason.VISIT_TOO_EARLY
