"""What a patient's word leads to, texted or notified to staff, and what a call counts for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.lifecycle import Outcome, Party, Queue, Status
from referral_core.domain.outreach.replies import read_reply
from referral_core.domain.referral import Contact
from referral_core.domain.updates import AppointmentNoshow, OfferDeclined
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, notified, reason_of, seen
from tests.unit.fhir.orders import an_order
from tests.unit.lifecycle.work_item_worlds import (
    PATIENT_PHONE,
    STANDS_AT,
    a_world,
    call,
    decide,
    of_order,
    reply,
    until,
)


def in_contact() -> World:
    world = a_world()
    accepted(world)
    return world


def with_visit(days: int = 7) -> World:
    world = in_contact()
    agreed(world)
    booked(world, days)
    return world


def metered(world: World, unit: str) -> int:
    return sum(e.metered.get(unit, 0) for e in world.referrals.events(TENANT, REFERRAL))


# --- texts ------------------------------------------------------------------------------------


def test_a_yes_before_the_booking_asks_the_clinic_for_one() -> None:
    world = in_contact()
    reply(world, "yes")
    assert world.referral.patient_reply == "yes"
    assert world.clinics.reminded == [(f"{REFERRAL}.b1", "booking")]
    assert "the clinic is to book" in world.referral.status_reason


def test_a_yes_to_a_reminder_confirms_and_changes_nothing_else() -> None:
    world = with_visit()
    before = world.referral
    reply(world, "yes")
    after = world.referral
    assert (after.status, after.due_at, after.status_reason) == (
        before.status,
        before.due_at,
        before.status_reason,
    )
    assert after.patient_reply == "yes"


def test_a_no_to_a_booked_visit_is_heard_by_a_person_before_anything_is_cancelled() -> None:
    world = with_visit()
    reply(world, "no")
    assert reason_of(world) is Reason.PATIENT_CANCELS
    visit = world.referral.appointment
    assert visit is not None
    assert visit.status == "booked"


def test_a_stop_with_a_booked_visit_ends_the_messages_and_keeps_the_visit() -> None:
    world = with_visit()
    sent = len(world.messenger.sent)
    reply(world, "stop")
    assert world.referral.opted_out
    assert world.referral.status is Status.SCHEDULED
    while world.referral.status is Status.SCHEDULED and reason_of(world) is None:
        world.wait()
    assert len(world.messenger.sent) == sent, "no reminder is sent after a STOP"


@pytest.mark.parametrize("text", ["gibberish", "", "OTHER"])
def test_a_text_that_the_router_does_not_know_is_read_by_a_person(text: str) -> None:
    world = in_contact()
    reply(world, read_reply(text))
    assert reason_of(world) is Reason.PATIENT_WROTE


def test_a_patient_who_wants_another_clinic_gets_another_one_and_is_asked_anew() -> None:
    # Given a patient who was written to, a booked place, and an authorization for the clinic
    world = in_contact()
    first = world.referral.offers[0]
    # When they want another clinic
    reply(world, "another-clinic")
    # Then the first clinic is notified and its place is free again, the second one is asked
    assert world.clinics.withdrawn[f"{REFERRAL}.b1"] == "patient-preference"
    second = world.referral.offers[-1]
    assert second.npi != first.npi
    assert sum(world.referrals.reserved.values()) == 1
    known = world.referral.authorization
    assert known is not None
    assert known.performer == second.npi
    # And once it accepts, the patient hears of it from the first attempt on
    world.clock.move(timedelta(days=1))
    sent = len(world.messenger.sent)
    accepted(world)
    assert len(world.messenger.sent) == sent + 1
    assert world.referral.outreach_from is not None
    assert world.referral.outreach_from >= world.clock.now() - timedelta(minutes=1)


def test_a_patient_may_want_another_clinic_as_often_as_there_are_clinics() -> None:
    # Given a pathway that asks four clinics at most, and two that take the patient
    world = in_contact()
    reply(world, "another-clinic")
    accepted(world)
    # When the patient is asked anew and wants neither
    world.wait()
    assert world.referral.contacts[-1].state == "sent"
    reply(world, "another-clinic")
    # Then the referral waits for room elsewhere: the limit counts clinics that did not want it
    assert world.referral.status is Status.WAITLISTED


@pytest.mark.parametrize("keyword", ["yes", "no", "another-clinic", "another-time"])
def test_a_reply_given_before_the_next_clinic_was_asked_is_read_by_a_person(keyword: str) -> None:
    # Given a patient who wants another clinic, and says something more before that one answers
    world = in_contact()
    reply(world, "another-clinic")
    world.clock.move(timedelta(hours=1))
    reply(world, keyword)
    # Then nothing is concluded from what was said of the first one, and a person reads it at once
    assert reason_of(world) is Reason.PATIENT_WROTE_UNASKED
    # When the next clinic accepts
    accepted(world)
    decide(world, "keep-waiting")
    assert world.referral.work_item is None
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_stop_sent_before_the_next_clinic_was_asked_is_a_stop() -> None:
    world = in_contact()
    reply(world, "another-clinic")
    reply(world, "stop")
    sent = len(world.messenger.sent)
    world.clock.move(timedelta(days=1))
    accepted(world)
    assert world.referral.opted_out
    assert len(world.messenger.sent) == sent


def test_a_clinic_that_withdraws_after_the_booking_leaves_no_visit_behind() -> None:
    # Given a booked visit
    world = with_visit()
    world.clock.move(timedelta(days=1))
    # When the clinic withdraws, and another one accepts
    world.report(OfferDeclined, offer=1)
    visit = world.referral.appointment
    assert visit is not None
    assert visit.status == "cancelled"
    accepted(world)
    # Then the patient's yes asks that one to book, and confirms no visit that fell out
    world.clock.move(timedelta(days=1))
    reply(world, "yes")
    assert world.clinics.reminded[-1] == (f"{REFERRAL}.b2", "booking")
    booked(world)
    assert world.referral.status is Status.SCHEDULED


# --- calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["voicemail", "no-answer"])
def test_a_call_that_reached_nobody_counts_as_an_attempt(result: str) -> None:
    world = until(in_contact(), Reason.CALL_DUE)
    call(world, result)
    made = [c for c in world.referral.contacts if c.channel == "call"]
    assert [(c.state, c.result, c.counts) for c in made] == [("made", result, True)]
    assert made[0].day_part == "afternoon"
    assert metered(world, "staff_calls") == 1
    assert world.referral.work_item is None
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_call_that_nobody_planned_counts_as_well() -> None:
    world = in_contact()
    call(world, "voicemail")
    last = world.referral.contacts[-1]
    assert (last.channel, last.position, last.counts) == ("call", None, True)
    # And the pathway's own series is not cut short by it
    assert until(world, Reason.CALL_DUE).referral.contacts[-1].position == 2


def test_a_wrong_number_counts_for_nothing_and_gets_no_more_messages() -> None:
    # Given a patient who was written to
    world = in_contact()
    sent = len(world.messenger.sent)
    # When staff call, and somebody else answers
    call(world, "wrong-number")
    # Then a person corrects the number before anything more is sent to a stranger
    last = world.referral.contacts[-1]
    assert (last.state, last.counts) == ("failed", False)
    assert reason_of(world) is Reason.MESSAGE_REFUSED
    for _ in range(5):
        world.wait()
    assert len(world.messenger.sent) == sent


def test_a_yes_on_the_phone_is_a_yes() -> None:
    world = until(in_contact(), Reason.CALL_DUE)
    call(world, "agreed")
    assert world.referral.patient_reply == "yes"
    assert metered(world, "staff_calls") == 1
    booked(world)
    assert world.referral.status is Status.SCHEDULED


def test_a_no_on_the_phone_ends_the_referral_and_tells_everybody() -> None:
    world = in_contact()
    call(world, "declined")
    notified(world)
    assert world.referral.outcome is Outcome.PATIENT_DECLINED
    assert sum(world.referrals.reserved.values()) == 0


def test_another_time_on_the_phone_lets_the_clinic_book_it() -> None:
    world = with_visit()
    call(world, "another-time")
    assert world.referral.status is Status.APPOINTMENT_CANCELLED
    assert world.clinics.reminded[-1][1] == "booking"
    booked(world, 14)
    visit = world.referral.appointment
    assert visit is not None
    assert (visit.number, visit.status) == (2, "booked")


@pytest.mark.parametrize(
    "reason", [Reason.PATIENT_CANCELS, Reason.ANOTHER_TIME_WANTED, Reason.PATIENT_WROTE]
)
def test_a_patient_who_says_on_the_phone_that_they_will_come_settles_the_item(
    reason: Reason,
) -> None:
    # Given a booked visit and a patient whose text a person must read
    world = with_visit()
    words = {Reason.PATIENT_CANCELS: "no", Reason.ANOTHER_TIME_WANTED: "another-time"}
    reply(world, words.get(reason, "other"))
    assert reason_of(world) is reason
    # When staff call, and the patient will come
    call(world, "agreed")
    # Then the visit is awaited as before, and nothing stands on a worklist
    assert world.referral.work_item is None
    assert world.referral.status is Status.SCHEDULED
    assert world.referral.waits_for is Party.CLINIC
    seen(world)
    assert world.referral.status is Status.SEEN_AWAITING_REPORT


def test_a_call_that_reached_nobody_settles_nothing_about_a_booked_visit() -> None:
    # Given a patient who wrote that they cannot come
    world = STANDS_AT[Reason.PATIENT_CANCELS]()
    before = world.referral
    # When staff get the voicemail
    call(world, "voicemail")
    # Then the item is still there, with the call on record, and no invitation is sent
    after = world.referral
    assert after.work_item == before.work_item
    assert (after.status, after.due_at, after.queue) == (
        before.status,
        before.due_at,
        before.queue,
    )
    assert isinstance(after.contacts[-1], Contact)
    assert after.contacts[-1].result == "voicemail"
    assert len(world.messenger.sent) == 1
    # And the second call settles it
    call(world, "agreed")
    assert world.referral.work_item is None


def test_a_visit_that_nobody_confirms_waits_on_after_a_voicemail() -> None:
    world = STANDS_AT[Reason.VISIT_UNCONFIRMED]()
    call(world, "voicemail")
    assert reason_of(world) is Reason.VISIT_UNCONFIRMED
    decide(world, "appointment-fulfilled")
    assert world.referral.status is Status.SEEN_AWAITING_REPORT


def test_a_reminder_that_may_not_have_been_sent_does_not_cost_the_visit() -> None:
    # Given a booked visit, and a reminder of which nobody knows whether it was sent
    world = with_visit()
    world.messenger.mode = "fails"
    until(world, Reason.MESSAGE_AMBIGUOUS)
    world.messenger.mode = "up"
    # When staff want the patient contacted again
    decide(world, "contact-again")
    # Then the visit stands, and its next reminder is sent
    assert world.referral.status is Status.SCHEDULED
    visit = world.referral.appointment
    assert visit is not None
    assert visit.status == "booked"
    sent = len(world.messenger.sent)
    until_sent(world, sent + 1)
    assert world.messenger.sent[-1].reference.rpartition("-")[2].startswith("r")


def until_sent(world: World, count: int) -> None:
    for _ in range(10):
        if len(world.messenger.sent) >= count:
            return
        world.wait()
    raise AssertionError(world.referral.status_reason)


def test_a_call_that_reached_nobody_gives_the_clinic_no_more_time_to_book() -> None:
    # Given a patient who agreed, and a clinic that is to book
    world = in_contact()
    agreed(world)
    before = world.referral
    # When staff call the patient in vain two days later
    world.clock.move(timedelta(days=2))
    call(world, "voicemail")
    # Then the attempt is on record, and the clinic's time is what it was
    after = world.referral
    assert after.contacts[-1].result == "voicemail"
    assert (after.due_at, after.status_reason) == (before.due_at, before.status_reason)
    assert world.clinics.reminded == [(f"{REFERRAL}.b1", "booking")]


def test_asking_the_patient_anew_lets_the_booked_visit_go() -> None:
    # Given a visit whose day has passed without a word
    world = STANDS_AT[Reason.VISIT_UNCONFIRMED]()
    # When staff decide to contact the patient again
    decide(world, "contact-again")
    # Then the old visit is none any more, and the patient's yes leads to a new one
    assert world.referral.status is Status.CONTACTING_PATIENT
    reply(world, "yes")
    assert world.clinics.reminded[-1][1] == "booking"
    booked(world)
    assert world.referral.status is Status.SCHEDULED


def test_a_call_that_was_due_is_not_due_any_more_once_the_patient_wrote() -> None:
    # Given a call that is due
    world = until(in_contact(), Reason.CALL_DUE)
    # When the patient texts yes, the visit is booked, and missed
    reply(world, "yes")
    assert world.referral.contacts[-1].state == "missed"
    booked(world)
    world.clock.move(timedelta(days=8))
    world.report(AppointmentNoshow)
    # Then the new series begins with its first attempt, and not with the old call
    assert world.referral.contacts[-1].channel == "sms"


def test_contacting_again_instead_of_calling_starts_a_new_series() -> None:
    world = until(in_contact(), Reason.CALL_DUE)
    sent = len(world.messenger.sent)
    decide(world, "contact-again")
    assert reason_of(world) is None
    assert len(world.messenger.sent) == sent + 1


# --- giving the patient up --------------------------------------------------------------------


def test_a_high_risk_patient_is_given_up_by_a_clinician_only() -> None:
    # Given a high-risk patient to whom messages are refused
    world = STANDS_AT[Reason.ESCALATED]()
    reply(world, "stop")
    assert reason_of(world) is Reason.PATIENT_OPTED_OUT
    # When the contact center gives up
    decide(world, "close:unable-to-reach")
    # Then clinical review has it, and only its signature closes it
    assert reason_of(world) is Reason.CLOSING_SIGN_OFF
    assert world.referral.queue is Queue.CLINICAL_REVIEW
    assert world.referral.proposed_outcome is None
    decide(world, "sign-off")
    notified(world)
    assert world.referral.outcome is Outcome.UNABLE_TO_REACH
    # And without the evidence that the pathway wants, the loop is not called closed
    assert not world.referral.loop_closed


def test_a_patient_given_up_with_all_evidence_closes_the_loop() -> None:
    world = STANDS_AT[Reason.CLOSING_SIGN_OFF]()
    decide(world, "sign-off")
    notified(world)
    assert world.referral.outcome is Outcome.UNABLE_TO_REACH
    assert world.referral.loop_closed


def test_a_patient_given_up_too_early_does_not_close_the_loop() -> None:
    world = in_contact()
    reply(world, "stop")
    decide(world, "close:unable-to-reach")
    notified(world)
    assert world.referral.outcome is Outcome.UNABLE_TO_REACH
    assert not world.referral.loop_closed


def test_what_nobody_could_resolve_is_no_closed_loop() -> None:
    world = STANDS_AT[Reason.NOT_BOOKED]()
    decide(world, "close:expired-unresolved")
    notified(world)
    assert world.referral.outcome is Outcome.EXPIRED_UNRESOLVED
    assert not world.referral.loop_closed


def test_a_carrier_that_refuses_the_number_is_seen_by_a_person() -> None:
    world = of_order(an_order())
    world.messenger.opted_out.add(PATIENT_PHONE)
    accepted(world)
    assert reason_of(world) is Reason.MESSAGE_REFUSED
    assert world.referral.contacts[-1].state == "failed"
