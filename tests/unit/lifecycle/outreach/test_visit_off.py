"""A booked visit that is off while the referral goes on: the patient is told before all else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from referral_core.domain.calendar import MessagingHours
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import (
    AppointmentCancelled,
    Cancel,
    ChangedPart,
    OfferDeclined,
    Role,
)
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked, notified, reason_of
from tests.unit.lifecycle.outreach.test_told_of_the_end import texts, with_a_visit
from tests.unit.lifecycle.test_order_changes import put
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide, reply

OFF: Final = "is off, please do not come"


def withdrawn(world: World) -> None:
    world.report(OfferDeclined, reason="specialist-left")


def another_clinic(world: World) -> None:
    """Staff choose another clinic while they look into a change of the order."""
    put(world, ChangedPart.SERVICE)
    decide(world, "route-again")


def checked_anew(world: World) -> None:
    put(world, ChangedPart.SERVICE)
    decide(world, "check-again")


HOW: Final[dict[str, Callable[[World], None]]] = {
    "the clinic withdraws": withdrawn,
    "staff choose another clinic": another_clinic,
    "the order is checked anew": checked_anew,
}


def visits_off(world: World) -> list[str]:
    return [m.body for m in world.messenger.sent if OFF in m.body]


@pytest.mark.parametrize("how", HOW)
def test_the_patient_is_told_at_once_and_another_visit_is_looked_for(how: str) -> None:
    world = with_a_visit()
    sent = len(texts(world))
    HOW[how](world)
    (said,) = texts(world)[sent:]
    assert OFF in said
    assert "another" in said
    assert world.referral.offers[-1].number == 2, "the referral went on at the same instant"
    assert [n.topic for n in world.referral.notices] == [NoticeTopic.VISIT_OFF]


@pytest.mark.parametrize("how", HOW)
def test_no_reminder_of_the_dead_visit_and_no_second_word_of_it(how: str) -> None:
    world = with_a_visit()
    HOW[how](world)
    for _ in range(2):
        world.report(OfferDeclined, offer=world.referral.offers[-1].number, reason="no-capacity")
    world.clock.move(timedelta(days=1))
    if world.referral.offer is not None:
        accepted(world)
    after = texts(world)[texts(world).index(visits_off(world)[0]) + 1 :]
    assert len(visits_off(world)) == 1
    assert not [t for t in after if "cancelled" in t or "visit is on" in t]


def test_the_next_clinics_invitation_asks_and_does_not_cancel_again() -> None:
    world = with_a_visit()
    withdrawn(world)
    world.clock.move(timedelta(days=1))
    accepted(world)
    assert "asked us to arrange a visit" in texts(world)[-1]


def test_at_night_the_word_waits_for_the_morning_and_the_referral_with_it() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))  # 23:00 in Boston
    withdrawn(world)
    referral = world.referral
    assert not visits_off(world)
    assert referral.current_step is Step.CONTACT_PATIENT
    assert referral.status is Status.RECIPIENT_DECLINED
    assert MessagingHours(referral.time_zones or ("America/New_York",)).opens(referral.due_at) == (
        referral.due_at
    )
    assert referral.due_at - world.clock.now() < timedelta(hours=12)
    world.wait()
    assert len(visits_off(world)) == 1
    assert world.referral.status is Status.OFFERED


def test_a_message_that_the_day_does_not_allow_is_a_call_at_once() -> None:
    """The day's one message was another: by tomorrow's turn nobody would have looked on."""
    world = a_world()
    for act in (accepted, agreed, booked, withdrawn):
        act(world)
    item = world.referral.work_item
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= world.clock.now() + timedelta(hours=1)
    decide(world, "patient-told")
    assert world.referral.status is Status.OFFERED
    assert not visits_off(world)


@pytest.mark.parametrize("said", ["patient-told", "not-reached"])
def test_after_a_stop_a_person_tells_and_the_referral_goes_on(said: str) -> None:
    world = with_a_visit()
    reply(world, "stop")
    withdrawn(world)
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    decide(world, said)
    assert world.referral.status is Status.OFFERED
    assert not visits_off(world)


@pytest.mark.parametrize("word", ["stop", "yes", "other"])
def test_whoever_writes_before_the_morning_is_called(word: str) -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    withdrawn(world)
    reply(world, word)
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    assert world.referral.opted_out is (word == "stop")
    decide(world, "patient-told")
    assert world.referral.status is Status.OFFERED


@pytest.mark.parametrize("mode", ["fails", "down"])
def test_where_nobody_knows_whether_it_arrived_a_person_calls(mode: Any) -> None:
    world = with_a_visit()
    world.messenger.mode = mode
    withdrawn(world)
    while reason_of(world) is None:
        world.wait()
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    assert world.referral.status_since + timedelta(hours=4) > world.clock.now()
    world.messenger.mode, sent = "up", len(visits_off(world))
    decide(world, "patient-told")
    assert world.referral.status is Status.OFFERED
    assert len(visits_off(world)) == sent


def test_who_asked_for_another_clinic_knows() -> None:
    world = with_a_visit()
    sent = len(texts(world))
    reply(world, "another-clinic")
    assert len(texts(world)) == sent
    assert world.referral.offers[-1].number == 2
    world.report(Cancel, role=Role.EHR)
    notified(world)
    assert not [t for t in texts(world) if "do not come" in t]


def test_a_visit_that_its_clinic_cancelled_before_it_withdrew_is_told_of_too() -> None:
    """The series that would have begun with it never began: it was night."""
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    world.report(AppointmentCancelled)
    withdrawn(world)
    while not visits_off(world) and reason_of(world) is None:
        world.wait()
    assert len(visits_off(world)) == 1
    assert world.referral.status is Status.OFFERED


def test_who_waits_for_another_visit_is_told_when_none_is_looked_for_any_more() -> None:
    world = with_a_visit()
    withdrawn(world)
    world.clock.move(timedelta(days=1))
    world.report(Cancel, role=Role.EHR)
    assert "no longer arrange" in texts(world)[-1]
    notified(world)
    assert world.referral.is_closed


def test_a_referral_that_ends_before_the_morning_tells_of_the_end_only() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    withdrawn(world)
    world.report(Cancel, role=Role.EHR)
    notified(world)
    while not world.referral.is_closed:
        world.wait()
    assert not visits_off(world)
    assert "is cancelled, please do not come" in texts(world)[-1]


def test_an_order_that_changes_before_the_morning_is_checked_anew_after_the_word() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    withdrawn(world)
    put(world, ChangedPart.SERVICE)
    assert world.referral.eligibility is None
    assert not visits_off(world)
    world.wait()
    assert len(visits_off(world)) == 1
    assert world.referral.eligibility is not None
    assert world.referral.status is Status.OFFERED


def test_a_visit_that_passed_is_no_news() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(days=7))
    withdrawn(world)
    assert not visits_off(world)
    assert NoticeTopic.VISIT_OFF not in {n.topic for n in world.referral.notices}
    assert world.referral.offers[-1].number == 2


def test_a_visit_outside_the_authorized_period_is_rebooked_with_the_patients_knowledge() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    assert len(visits_off(world)) == 1
    assert world.referral.current_step is Step.AWAIT_VISIT
    assert world.referral.offer is not None
    assert world.referral.status is Status.APPOINTMENT_CANCELLED


def test_who_wanted_another_time_is_not_told_what_they_said() -> None:
    world = with_a_visit()
    reply(world, "another-time")
    decide(world, "rebook")
    assert not visits_off(world)
    assert world.referral.current_step is Step.AWAIT_VISIT
