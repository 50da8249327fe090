"""Updates on another offer, another appointment, or an unexpected document move nothing."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.directory import Practitioner
from referral_core.domain.effects import Reserve
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    Cancel,
    DecisionMade,
    NoticeUndeliverable,
    OfferAccepted,
    PatientReplied,
    ReportReceived,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.reopen import reopen
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import (
    TO_THE_END,
    accepted,
    agreed,
    booked,
    notified,
    patient_told,
    reason_of,
)
from tests.unit.lifecycle.work_item_worlds import a_world


def reserved(world: World) -> int:
    return sum(world.referrals.reserved.values())


def test_the_yes_of_a_clinic_that_lost_the_offer_accepts_nothing_for_the_next_one() -> None:
    # Given a first clinic that stayed silent, and a second one that is asked
    world = a_world()
    world.wait()
    assert len(world.referral.offers) == 2
    # When the first one says yes after all
    world.report(OfferAccepted, offer=1)
    # Then the second one is still to answer
    assert world.referral.status is Status.OFFERED
    assert world.referral.offers[-1].status == "open"
    # And so it is when staff, who speak for every clinic, enter what the first one said
    world.report(OfferAccepted, role=Role.STAFF, offer=1)
    assert world.referral.status is Status.OFFERED
    world.report(OfferAccepted, offer=2)
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_cancelling_the_visit_that_was_moved_leaves_the_new_one() -> None:
    # Given a visit, and another one that took its place
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    first = world.referral.appointment
    assert first is not None
    booked(world, days=9)
    # When the clinic cancels the first one
    world.report(AppointmentCancelled, appointment=first.number, start=first.start)
    # Then the second one stands; and when that is cancelled, it falls out
    assert world.referral.status is Status.SCHEDULED
    second = world.referral.appointment
    assert second is not None
    world.report(AppointmentCancelled, appointment=second.number, start=second.start)
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_paper_that_nobody_asked_for_is_no_proof_of_a_visit() -> None:
    world = a_world()
    accepted(world)
    world.report(ReportReceived, sha256="b" * 64, loinc="99999-9")
    assert world.referral.status is Status.CONTACTING_PATIENT
    assert len(world.referral.reports) == 1
    for act in TO_THE_END[1:]:
        act(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_a_clinic_that_left_the_directory_holds_no_cancellation_up() -> None:
    # Given a referral whose specialist the directory does not list any more
    world = a_world()
    accepted(world)
    others = (r for r in world.directory._records if not isinstance(r, Practitioner))
    world.directory._records = tuple(others)
    # When the referrer cancels
    world.report(Cancel, role=Role.EHR)
    notified(world)
    patient_told(world)
    # Then it is closed, and nothing is held
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
    assert reserved(world) == 0


def test_a_choice_whose_answer_was_lost_is_not_made_twice() -> None:
    # Given a run that dies between choosing a clinic and telling the state machine
    world = a_world()
    referral = world.referral
    assert reserved(world) == 1
    # When a new run resumes at routing with the choice on record
    unasked = referral.offers[-1].but(offered_at=None)
    known = referral.but(offers=(unasked,))
    case = world.engine.case(known)
    drafted = world.engine.steps[Step.ROUTE_REFERRAL].execute(case)(case)
    # Then it goes on with it
    assert drafted.next is Step.REQUEST_AUTHORIZATION
    assert not any(isinstance(effect, Reserve) for effect in drafted.effects)
    assert drafted.after.offers == (unasked,)


def test_reopening_at_routing_frees_the_place_and_tells_the_clinic() -> None:
    # Given a completed referral, whose clinic had it
    world = a_world()
    for act in TO_THE_END:
        act(world)
    # When staff open it again to find another clinic
    world.clock.move(timedelta(days=1))
    reopen(
        world.engine,
        TENANT,
        REFERRAL,
        resume=Step.ROUTE_REFERRAL,
        actor="staff-1",
        reason="wrong-specialty",
    )
    world.settle()
    # Then the first clinic is notified, and one place is held
    assert f"{REFERRAL}.b1" in world.clinics.withdrawn
    assert world.referral.offers[0].status == "taken-back"
    assert reserved(world) == 1


def test_a_referrer_who_was_told_another_way_has_the_notice() -> None:
    # Given a cancellation whose notice the EHR does not take
    world = a_world()
    world.report(Cancel, role=Role.EHR)
    notice = world.referral.notice
    assert notice is not None
    world.report(NoticeUndeliverable, notice=notice.number)
    assert reason_of(world) is Reason.NOTICE_UNDELIVERED
    # When staff tell the practice by telephone
    world.report(DecisionMade, role=Role.STAFF, action="told-another-way")
    # Then the referral is closed, and the loop with it
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
    assert world.referral.loop_closed


def test_a_channel_that_stays_away_hands_over_to_the_next_attempt() -> None:
    world = a_world()
    world.messenger.mode = "down"
    accepted(world)
    tries = 0
    while reason_of(world) is None:
        world.wait()
        tries += 1
        assert tries < 400
    assert reason_of(world) is Reason.CALL_DUE


def test_a_clinic_that_has_booked_already_is_not_asked_to_book() -> None:
    # Given a patient who agreed, and a clinic whose booking comes before the next step is entered
    world = a_world()
    accepted(world)
    start = world.clock.now() + timedelta(days=7)
    for update in (
        world.update(PatientReplied, reply="yes"),
        world.update(AppointmentBooked, start=start),
    ):
        apply_update(world.engine, TENANT, REFERRAL, update)
    world.settle()
    # Then the visit stands, and nobody was asked for it
    assert world.referral.status is Status.SCHEDULED
    assert world.clinics.reminded == []
