"""What is wrong with a booking is a person's matter before the patient is reminded of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.domain.updates import AppointmentBooked, DecisionMade
from referral_core.domain.work_items import KEEP_WAITING, PATIENT_TOLD, REBOOK, Reason
from tests.in_memory import World
from tests.partner_actions import booked, reason_of
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

CONCERNS = (Reason.VISIT_UNAUTHORIZED, Reason.VISIT_TOO_EARLY, Reason.INTERPRETER_NEEDED)


def reminded(world: World) -> bool:
    return any(contact.purpose == "reminder" for contact in world.referral.contacts)


@pytest.mark.parametrize("reason", CONCERNS)
def test_a_person_looks_before_the_reminder_and_once(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    appointment, item = world.referral.appointment, world.referral.work_item
    assert appointment is not None
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= appointment.start
    assert not reminded(world)
    world.report(DecisionMade, action=KEEP_WAITING)
    assert world.referral.work_item is None
    assert world.referral.current_step is Step.AWAIT_VISIT
    while world.clock.now() < appointment.start and not reminded(world):
        world.wait()
    assert reminded(world)


def test_another_booking_is_another_matter() -> None:
    world = STANDS_AT[Reason.INTERPRETER_NEEDED]()
    world.report(DecisionMade, action=KEEP_WAITING)
    booked(world, days=9)
    assert reason_of(world) is Reason.INTERPRETER_NEEDED


def test_a_visit_before_the_authorized_period_is_outside_it_too() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.report(DecisionMade, action=REBOOK)
    world.report(DecisionMade, action=PATIENT_TOLD)
    known = world.referral.authorization
    assert known is not None
    assert known.valid_from is not None
    first = datetime.combine(known.valid_from, datetime.min.time(), UTC)
    world.report(AppointmentBooked, start=first + timedelta(days=3, hours=15))
    assert world.referral.work_item is None
