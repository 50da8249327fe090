"""A referral that ends while its patient waits or is booked: the patient is told, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.calendar import MessagingHours
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.referral import Contact
from referral_core.domain.updates import (
    AppointmentBooked,
    Cancel,
    CareReceivedElsewhere,
    DeceasedOrMoved,
    Ending,
    EnteredInError,
    NoticeDelivered,
    Role,
    Superseded,
)
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked, notified, reason_of
from tests.unit.lifecycle.outreach.test_people import changed
from tests.unit.lifecycle.work_item_worlds import a_world, decide, reply


def texts(world: World) -> list[str]:
    return [m.body for m in world.messenger.sent if m.channel == "sms"]


def ended(world: World, how: type[Ending] = Cancel) -> None:
    by = {"by": "f" * 32} if how is Superseded else {}
    world.report(how, role=Role.EHR, **by)


def asked() -> World:
    """The patient got the first text, a day ago."""
    world = a_world()
    accepted(world)
    world.clock.move(timedelta(days=1))
    return world


def with_yes() -> World:
    world = a_world()
    accepted(world)
    agreed(world)
    world.clock.move(timedelta(days=1))
    return world


def with_a_visit() -> World:
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=1))
    return world


def told(world: World) -> list[Contact]:
    return [c for c in world.referral.contacts if c.purpose == "ending"]


@pytest.mark.parametrize("how", [Cancel, EnteredInError])
@pytest.mark.parametrize("stands_at", [asked, with_yes])
def test_who_was_asked_is_told_that_nothing_more_comes(stands_at: Any, how: type[Ending]) -> None:
    world = stands_at()
    before = len(texts(world))
    ended(world, how)
    (said,) = texts(world)[before:]
    assert "no longer arrange" in said
    assert [c.state for c in told(world)] == ["sent"]
    notified(world)
    assert world.referral.is_closed
    assert len(texts(world)) == before + 1


@pytest.mark.parametrize("how", [Cancel, EnteredInError, CareReceivedElsewhere, Superseded])
def test_who_is_booked_is_told_not_to_come(how: type[Ending]) -> None:
    world = with_a_visit()
    before = len(texts(world))
    ended(world, how)
    (said,) = texts(world)[before:]
    assert "do not come" in said
    assert "another" not in said
    appointment = world.referral.appointment
    assert appointment is not None
    assert not appointment.is_booked


@pytest.mark.parametrize("how", [CareReceivedElsewhere, Superseded])
def test_a_question_that_is_moot_is_not_taken_back(how: type[Ending]) -> None:
    world = asked()
    before = len(texts(world))
    ended(world, how)
    assert len(texts(world)) == before


@pytest.mark.parametrize("stands_at", [asked, with_a_visit])
def test_nobody_writes_to_the_dead(stands_at: Any) -> None:
    world = stands_at()
    before = len(texts(world))
    ended(world, DeceasedOrMoved)
    notified(world)
    assert world.referral.outcome is Outcome.DECEASED_OR_MOVED
    assert len(texts(world)) == before


def test_who_declined_knows_it() -> None:
    world = asked()
    before = len(texts(world))
    reply(world, "no")
    assert len(texts(world)) == before


def test_a_patient_who_was_never_written_to_hears_nothing() -> None:
    world = a_world()
    ended(world)
    assert texts(world) == []
    notified(world)
    assert world.referral.is_closed


def test_the_clinic_and_the_referrer_do_not_wait_for_the_patients_morning() -> None:
    world = with_a_visit()
    before = len(texts(world))
    world.clock.move(timedelta(hours=13))  # 23:00 in Boston
    ended(world)
    assert world.clinics.withdrawn
    assert world.referral.notice is not None
    assert len(texts(world)) == before
    assert world.referral.current_step is Step.CONTACT_PATIENT
    notified(world)
    assert not world.referral.is_closed, "the patient does not know yet"
    at = world.referral.due_at
    assert MessagingHours(world.referral.time_zones).opens(at) == at
    world.wait()
    assert "do not come" in texts(world)[-1]
    assert world.referral.is_closed


def test_whoever_answers_meanwhile_is_called_and_nothing_is_opened_again() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    ended(world)
    reply(world, "yes")
    assert world.referral.status is Status.CANCEL_REQUESTED
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    decide(world, "patient-told")
    assert world.referral.current_step is Step.VERIFY_CLOSURE


def test_after_a_stop_a_person_calls_off_the_visit() -> None:
    world = with_a_visit()
    before = len(texts(world))
    reply(world, "stop")
    ended(world)
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    notified(world)
    assert not world.referral.is_closed
    decide(world, "patient-told")
    assert world.referral.is_closed
    assert len(texts(world)) == before


def test_a_stop_before_the_message_goes_leaves_the_visit_to_a_person() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    ended(world)
    before = len(texts(world))
    reply(world, "stop")
    world.wait()
    assert len(texts(world)) == before
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD


def test_after_a_stop_who_was_only_asked_is_left_in_peace() -> None:
    world = asked()
    before = len(texts(world))
    reply(world, "stop")
    ended(world)
    notified(world)
    assert world.referral.is_closed
    assert len(texts(world)) == before


def test_a_visit_before_anybody_may_be_texted_is_called_off_by_a_person() -> None:
    world = a_world()
    accepted(world)
    agreed(world)
    world.report(AppointmentBooked, start=world.clock.now() + timedelta(hours=21))
    world.clock.move(timedelta(hours=13))  # 23:00; the visit is at 7:00
    ended(world)
    item = world.referral.work_item
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= world.clock.now() + timedelta(hours=1)


def test_a_visit_is_called_off_by_a_person_where_nobody_knows_whether_the_text_arrived() -> None:
    world = with_a_visit()
    world.messenger.mode = "fails"
    ended(world)
    world.messenger.mode = "up"
    assert [c.state for c in told(world)] == ["ambiguous"]
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD


def test_a_visit_is_called_off_by_a_person_where_the_carrier_refuses_the_number() -> None:
    world = with_a_visit()
    world.messenger.opted_out |= {m.to for m in world.messenger.sent}
    ended(world)
    assert [c.state for c in told(world)] == ["failed"]
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    decide(world, "not-reached")
    notified(world)
    assert world.referral.is_closed


def test_a_carrier_that_is_away_is_tried_again() -> None:
    world = with_a_visit()
    world.messenger.mode = "down"
    ended(world)
    assert told(world) == []
    world.wait()
    world.messenger.mode = "up"
    world.wait()
    assert "do not come" in texts(world)[-1]


def test_staff_who_end_it_leave_the_patient_no_less_informed() -> None:
    world = a_world()
    accepted(world)
    reply(world, "other")
    before = len(texts(world))
    world.clock.move(timedelta(days=1))
    decide(world, "close:expired-unresolved")
    assert "no longer arrange" in texts(world)[before]


def test_who_wants_no_messages_gets_no_email_about_the_end_either() -> None:
    world = with_a_visit()
    changed(world, email="pat@example.org")
    reply(world, "stop")
    ended(world)
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
    assert [m for m in world.messenger.sent if m.channel == "email"] == []


def test_a_notice_that_arrives_first_closes_nothing_over_the_patients_head() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(hours=13))
    ended(world)
    notice = world.referral.notice
    assert notice is not None
    arrived = world.update(NoticeDelivered, notice=notice.number)
    case = world.engine.case(world.referral)
    assert world.engine.react(Step.VERIFY_CLOSURE, case, arrived).next is Step.VERIFY_CLOSURE
