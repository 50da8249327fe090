"""A notice that does not arrive is asked for again, and in the end a person tells the referrer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from referral_core.domain.lifecycle import Outcome, Queue, Status, Step
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Notice, NoticeTopic
from referral_core.domain.updates import (
    AppointmentNoshow,
    NoticeDelivered,
    NoticeUndeliverable,
    OfferDeclined,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.process_due import DueResult, process_due
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, START, TENANT, World
from tests.partner_actions import (
    accepted,
    acknowledged,
    agreed,
    booked,
    notified,
    reason_of,
    reported,
    seen,
)
from tests.unit.lifecycle.work_item_worlds import call, decide


def missed(world: World) -> None:
    world.report(AppointmentNoshow)


def critical(world: World) -> None:
    reported(world, sha256="c" * 64, critical=True)


def telling_the_referrer(pathway_id: str, version: int) -> Pathway:
    """The pathway, with the referrer notified of a missed visit."""
    rules = pathway(pathway_id, version)
    return rules.but(visit=rules.visit.but(referrer_told=True))


def after(*acts: Callable[[World], None]) -> World:
    """A world without the EHR: its referral after some acts, nothing of the notices' fate known."""
    world = World(pathways=telling_the_referrer)
    world.ehr_is_up = False
    world.accept("happy-path")
    world.settle()
    for act in acts:
        act(world)
    return world


def the_notice(world: World, topic: NoticeTopic) -> Notice:
    return [n for n in world.referral.notices if n.topic is topic][-1]


def pass_time(world: World, by: timedelta) -> None:
    """Let time pass minute by minute as far as anything is due, as fire_timers sees it."""
    until = world.clock.now() + by
    known = None
    while (due := world.referrals.next_due()) is not None and due <= until:
        world.clock.move_to(due)
        assert process_due(world.engine, TENANT, REFERRAL) is not DueResult.NOT_DUE
        world.settle()
        assert world.referral != known, "what is due stays due, and nothing comes of it"
        known = world.referral
    world.clock.move_to(until)


MISSED = (accepted, agreed, booked, missed)
CRITICAL = (accepted, agreed, booked, seen, critical)


# --- what was lost on the way is asked for again ------------------------------------------------


@pytest.mark.parametrize(
    ("acts", "topic", "minutes"),
    [
        (MISSED, NoticeTopic.APPOINTMENT_MISSED, 15),
        (CRITICAL, NoticeTopic.CRITICAL_RESULT, 5),
        ((accepted, agreed, booked, seen, reported), NoticeTopic.CLOSURE, 15),
    ],
)
def test_a_notice_that_nobody_delivered_is_asked_for_again(
    acts: tuple[Callable[[World], None], ...], topic: NoticeTopic, minutes: int
) -> None:
    # Given a notice whose stream record, or whose message, was lost
    world = after(*acts)
    before = world.referral
    # When the time is up in which it should have arrived
    world.clock.move(timedelta(minutes=minutes))
    assert process_due(world.engine, TENANT, REFERRAL) is DueResult.NOTICES
    # Then its delivery is asked for once more, and nothing else of the referral has changed
    now = world.referral
    assert the_notice(world, topic).asks == 2
    assert now.but(notices=(), version=0, updated_at=now.received_at) == before.but(
        notices=(), version=0, updated_at=before.received_at
    )
    # And not again in the same minute
    assert process_due(world.engine, TENANT, REFERRAL) is DueResult.NOT_DUE


def test_a_notice_that_arrived_is_not_asked_for_again() -> None:
    world = after(*MISSED)
    world.ehr_is_up = True
    world.settle()
    world.clock.move(timedelta(minutes=20))
    assert world.referral.next_due_at == world.referral.due_at
    assert the_notice(world, NoticeTopic.APPOINTMENT_MISSED).asks == 1


def test_a_watchdog_that_was_away_for_a_day_asks_once() -> None:
    world = after(*CRITICAL)
    world.clock.move(timedelta(hours=3))
    process_due(world.engine, TENANT, REFERRAL)
    notice = the_notice(world, NoticeTopic.CRITICAL_RESULT)
    assert (notice.asks, notice.due_at) == (2, notice.give_up_at)


def test_the_asks_become_rarer_and_end_with_a_person() -> None:
    notice = Notice(number=1, queued_at=START).watched(START)
    hours = []
    while (due := notice.due_at) is not None and due < notice.give_up_at:
        hours.append((due - notice.queued_at) / timedelta(hours=1))
        notice = notice.asked_again(due)
    assert hours == [0.25, 1, 4, 12, 24, 48]
    assert notice.due_at == notice.queued_at + timedelta(hours=72)


# --- what cannot be delivered goes to a person ----------------------------------------------------


def test_a_missed_visit_that_no_ehr_takes_ends_on_the_coordinators_worklist() -> None:
    # Given the EHR is not reached for three days, while the patient is contacted again
    world = after(*MISSED)
    pass_time(world, timedelta(hours=72))
    for _ in range(5):  # what the outreach needs people for meanwhile comes first
        if reason_of(world) is Reason.NOTICE_UNDELIVERED:
            break
        call(world, "no-answer")
    # Then coordinators tell the referring provider another way
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    assert world.referral.queue is Queue.REFERRAL_COORDINATORS


def refuse(world: World, topic: NoticeTopic) -> Receipt:
    return world.report(NoticeUndeliverable, notice=the_notice(world, topic).number)


def test_one_notice_that_the_ehr_refuses_is_a_persons_at_once() -> None:
    world = after(*MISSED)
    stood, contacts = world.referral.current_step, len(world.referral.contacts)
    assert stood is Step.CONTACT_PATIENT
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    # And once they are told, the referral goes on where it stood, without a second message
    decide(world, "told-another-way")
    assert world.referral.current_step is stood
    assert reason_of(world) is None
    assert len(world.referral.contacts) == contacts
    assert the_notice(world, NoticeTopic.APPOINTMENT_MISSED).reached


def test_a_person_may_have_it_sent_again() -> None:
    world = after(*MISSED)
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    decide(world, "retry")
    notice = the_notice(world, NoticeTopic.APPOINTMENT_MISSED)
    assert (notice.asks, notice.undeliverable) == (2, False)
    # And should that be refused too, it is a person's again
    world.clock.move(timedelta(minutes=1))
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED


def test_a_notice_that_arrives_while_a_person_looks_settles_the_matter() -> None:
    world = after(*MISSED)
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    notice = the_notice(world, NoticeTopic.APPOINTMENT_MISSED)
    world.report(NoticeDelivered, notice=notice.number)
    assert reason_of(world) is None
    assert world.referral.current_step is Step.CONTACT_PATIENT


def test_one_refused_while_a_person_has_another_matter_is_shown_there_and_comes_next() -> None:
    # Given a critical result at a clinician's, and an EHR that refuses the notice of it
    world = after(*CRITICAL)
    assert refuse(world, NoticeTopic.CRITICAL_RESULT) is Receipt.PENDING
    # Then the clinician keeps the item, and reads that the referrer was not notified
    assert reason_of(world) is Reason.CRITICAL_RESULT
    assert world.referral.queue is Queue.CLINICAL_REVIEW
    assert "EHR did not take a notice" in world.referral.status_reason
    world.wait()
    assert world.referral.status_reason.startswith("Overdue. ")
    assert "EHR did not take a notice" in world.referral.status_reason
    # And after the sign-off somebody tells the referring provider before anything is closed
    decide(world, "sign-off")
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    decide(world, "told-another-way")
    notified(world)
    acknowledged(world)
    assert world.referral.status is Status.CLOSED


def test_a_second_notice_refused_is_the_same_persons() -> None:
    # Given a person who sees to one that was refused, and another visit missed
    world = after(*MISSED)
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    opened = world.referral.work_item
    first = the_notice(world, NoticeTopic.APPOINTMENT_MISSED)
    second = NoticeUndeliverable(
        id="again", actor="router", role="router", received_at=world.clock.now(), notice=1
    )
    assert apply_update(world.engine, TENANT, REFERRAL, second) is Receipt.RECORDED
    assert world.referral.work_item == opened
    # When they send it again, nothing is left over from before
    decide(world, "retry")
    assert reason_of(world) is None
    assert the_notice(world, NoticeTopic.APPOINTMENT_MISSED).asks == first.asks + 1


def test_one_refused_while_a_clinic_is_asked_anew_asks_no_clinic_twice() -> None:
    # Given a referral that is offered anew while its notice is on the way
    world = after(*MISSED)
    world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    assert world.referral.current_step is Step.OFFER_REFERRAL
    offers = world.referral.offers
    refuse(world, NoticeTopic.APPOINTMENT_MISSED)
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    # When a person told the referrer
    decide(world, "told-another-way")
    # Then the same offer is waited for
    assert world.referral.current_step is Step.OFFER_REFERRAL
    assert world.referral.offers == offers
    accepted(world)
    assert world.referral.current_step is Step.CONTACT_PATIENT


def test_a_critical_result_never_rests_on_one_attempt() -> None:
    # Given an EHR that is not reached
    world = after(*CRITICAL)
    pass_time(world, timedelta(hours=4))
    # Then it was asked three times more, and the item says so
    notice = the_notice(world, NoticeTopic.CRITICAL_RESULT)
    assert (notice.asks, notice.undeliverable) == (4, True)
    assert "EHR did not take a notice" in world.referral.status_reason


def test_nothing_is_closed_while_the_notice_of_a_critical_result_is_under_way() -> None:
    # Given a critical result signed off, and the notice of the end acknowledged
    world = after(*CRITICAL)
    decide(world, "sign-off")
    notified(world)
    acknowledged(world)
    assert world.referral.status is not Status.CLOSED
    # When the EHR takes the notice of the result
    notice = the_notice(world, NoticeTopic.CRITICAL_RESULT)
    world.report(NoticeDelivered, notice=notice.number)
    # Then it closes
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_nor_when_the_end_is_all_that_was_waited_for() -> None:
    world = after(*CRITICAL)
    decide(world, "sign-off")
    pass_time(world, timedelta(hours=4))
    # Given up, it is a person's, whatever else was delivered meanwhile
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    decide(world, "told-another-way")
    notified(world)
    acknowledged(world)
    assert world.referral.status is Status.CLOSED


def test_a_refused_question_to_the_referrer_is_the_front_offices() -> None:
    # Given an order that lacks something, whose question the EHR does not take
    world = World()
    world.ehr_is_up = False
    world.accept("missing-information")
    world.settle()
    assert world.referral.status is Status.NEEDS_INFORMATION
    refuse(world, NoticeTopic.INFORMATION_NEEDED)
    assert reason_of(world) is Reason.MISSING_INFORMATION


def test_a_question_that_was_answered_another_way_needs_nobody() -> None:
    world = World()
    world.ehr_is_up = False
    world.accept("missing-information")
    world.settle()
    world.supply("missing-information")
    refuse(world, NoticeTopic.INFORMATION_NEEDED)
    assert reason_of(world) is None


def test_a_given_up_notice_is_not_due_for_ever() -> None:
    world = after(*CRITICAL)
    pass_time(world, timedelta(hours=5))
    assert world.referral.next_due_at > world.clock.now()
