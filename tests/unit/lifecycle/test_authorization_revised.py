"""A payer that decides anew on a visit that it had decided on: a person looks before the visit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.lifecycle import Queue, Step
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.planned import PlannedAct
from referral_core.domain.updates import (
    AppointmentBooked,
    AuthorizationDecided,
    ChangedPart,
    InformationSupplied,
    OfferDeclined,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.planned import planned
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of, seen
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide, reply, until


def says(world: World, verdict: str, **fields: Any) -> None:
    known = world.referral.authorization
    assert known is not None
    world.report(
        AuthorizationDecided,
        role=Role.PAYER,
        trace=known.trace,
        verdict=verdict,
        review_action={"approved": "A1", "denied": "A3", "needs-review": "C"}[verdict],
        **fields,
    )


def with_a_visit() -> World:
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=1))
    return world


@pytest.mark.parametrize("verdict", ["denied", "needs-review"])
def test_an_authorization_that_is_taken_back_is_seen_by_a_person_before_the_visit(
    verdict: str,
) -> None:
    world = with_a_visit()
    sent = len(world.messenger.sent)
    says(world, verdict)
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED
    item = world.referral.work_item
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= world.referral.appointment.start  # type: ignore[union-attr]
    assert len(world.messenger.sent) == sent, "no reminder meanwhile"


def test_a_period_that_no_longer_holds_the_visit_is_seen_too() -> None:
    world = with_a_visit()
    visit = world.referral.appointment
    assert visit is not None
    says(world, "approved", valid_from=date(2026, 3, 1), valid_to=visit.start.date() - timedelta(2))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_a_period_that_is_extended_is_kept_and_asks_nobody() -> None:
    world = with_a_visit()
    says(world, "approved", valid_from=date(2026, 3, 1), valid_to=date(2026, 12, 31))
    known = world.referral.authorization
    assert known is not None
    assert known.valid_to == date(2026, 12, 31)
    assert world.referral.work_item is None


UNBOOKED: Final = {
    "offered": (),
    "patient contacted": (accepted,),
    "booking awaited": (accepted, agreed),
}


def standing(name: str) -> World:
    world = a_world()
    for act in UNBOOKED[name]:
        act(world)
    return world


@pytest.mark.parametrize("name", UNBOOKED)
@pytest.mark.parametrize("verdict", ["denied", "needs-review"])
def test_before_the_booking_a_person_looks_at_once(name: str, verdict: str) -> None:
    world = standing(name)
    status, step = world.referral.status, world.referral.current_step
    says(world, verdict)
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.REVOKED
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED
    assert world.referral.queue is Queue.PRIOR_AUTHORIZATION
    decide(world, "keep-waiting")
    assert (world.referral.status, world.referral.current_step) == (status, step)
    assert world.referral.work_item is None


@pytest.mark.parametrize("name", UNBOOKED)
def test_before_the_booking_a_period_that_is_over_is_seen_at_once(name: str) -> None:
    world = standing(name)
    says(world, "approved", valid_to=world.clock.now().date() - timedelta(1))
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED


@pytest.mark.parametrize("name", UNBOOKED)
def test_an_authorization_given_again_settles_it(name: str) -> None:
    world = standing(name)
    step = world.referral.current_step
    says(world, "denied")
    says(world, "approved", number="A-2", valid_to=date(2026, 12, 31))
    assert world.referral.work_item is None
    assert world.referral.current_step is step
    known = world.referral.authorization
    assert known is not None
    assert (known.status, known.number) == (AuthorizationStatus.APPROVED, "A-2")


def test_a_period_that_runs_out_while_the_patient_is_sought_is_seen_at_the_next_attempt() -> None:
    world = standing("patient contacted")
    says(world, "approved", valid_to=world.clock.now().date() + timedelta(1))
    assert world.referral.work_item is None
    for _ in range(4):
        if world.referral.work_item is None:
            world.wait()
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED
    decide(world, "keep-waiting")
    assert world.referral.current_step is Step.CONTACT_PATIENT
    assert reason_of(world) is not Reason.AUTHORIZATION_ENDED


def test_a_period_that_runs_out_before_the_clinic_books_is_seen_when_no_booking_comes() -> None:
    world = standing("booking awaited")
    says(world, "approved", valid_to=world.clock.now().date() + timedelta(2))
    world.wait()
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED


def test_a_booking_made_though_it_was_taken_back_is_looked_at_again() -> None:
    world = standing("booking awaited")
    says(world, "denied")
    decide(world, "keep-waiting")
    world.report(AppointmentBooked, start=datetime(2026, 3, 12, 15, tzinfo=UTC))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_what_comes_while_a_person_looks_at_something_else_is_seen_when_that_is_decided() -> None:
    world = standing("patient contacted")
    reply(world, "other")
    says(world, "denied")
    assert reason_of(world) is Reason.PATIENT_WROTE
    decide(world, "patient-agreed")
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED


def test_a_call_that_is_due_stays_on_the_worklist_whatever_the_payer_extends() -> None:
    world = STANDS_AT[Reason.CALL_DUE]()
    says(world, "approved", valid_to=date(2026, 12, 31))
    assert reason_of(world) is Reason.CALL_DUE


def test_what_a_payer_takes_back_after_the_visit_is_seen_once() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(days=7))
    seen(world)
    says(world, "denied")
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED_LATE
    decide(world, "keep-waiting")
    assert world.referral.work_item is None
    says(world, "denied")
    assert world.referral.work_item is None


def test_what_was_let_stand_is_asked_again_when_the_payer_says_something_else() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    assert world.referral.work_item is None
    says(world, "approved", valid_to=date(2026, 3, 3))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_the_same_word_twice_is_one() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    says(world, "denied")
    assert world.referral.work_item is None


def test_a_word_about_another_request_changes_nothing() -> None:
    world = with_a_visit()
    before = world.referral.authorization
    world.report(
        AuthorizationDecided,
        role=Role.PAYER,
        trace="another-a1.1",
        verdict="denied",
        review_action="A3",
    )
    assert world.referral.authorization == before
    assert world.referral.work_item is None


def test_while_a_person_looks_it_is_kept_with_the_record() -> None:
    world = with_a_visit()
    says(world, "denied")
    says(world, "approved", valid_to=date(2026, 12, 31))
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.APPROVED
    decide(world, "keep-waiting")
    assert world.referral.work_item is None


def test_a_denial_while_a_person_looks_at_something_else_is_kept_and_seen() -> None:
    world = with_a_visit()
    reply(world, "other")
    says(world, "denied")
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.REVOKED
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_what_was_let_stand_is_asked_again_though_another_item_was_open() -> None:
    world = with_a_visit()
    visit = world.referral.appointment
    assert visit is not None
    says(world, "approved", valid_to=visit.start.date() - timedelta(2))
    decide(world, "keep-waiting")
    reply(world, "other")
    says(world, "denied")
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_a_revocation_whose_answer_is_lost_is_due_soon(monkeypatch: Any) -> None:
    world = with_a_visit()
    monkeypatch.setattr(world.workflow, "complete_task", lambda *_: None)
    says(world, "denied")
    assert world.referral.due_at <= world.clock.now() + timedelta(minutes=5)


def test_a_payers_word_puts_off_no_booking_and_reminds_no_clinic() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    due, reminded = world.referral.due_at, len(world.clinics.reminded)
    world.clock.move(timedelta(days=1))
    says(world, "approved", valid_to=date(2026, 12, 31))
    assert world.referral.due_at == due
    assert len(world.clinics.reminded) == reminded


def test_a_payers_denial_while_another_visit_is_booked_is_seen_and_reminds_no_clinic() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    reminded = len(world.clinics.reminded)
    says(world, "denied")
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED
    assert len(world.clinics.reminded) == reminded


def test_a_visit_that_is_authorized_again_is_said_to_be() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    assert "outside" in world.referral.status_reason or "authorize" in world.referral.status_reason
    says(world, "approved", valid_to=date(2026, 12, 31))
    assert world.referral.status_reason.startswith("The visit is booked; ")


def test_what_was_taken_back_before_the_clinic_says_that_it_saw_the_patient_is_seen_then() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(days=8))
    says(world, "denied")
    assert world.referral.work_item is None
    seen(world)
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED_LATE
    decide(world, "keep-waiting")
    assert world.referral.work_item is None


def test_what_was_taken_back_while_a_person_looks_for_the_report_is_seen_next_and_once() -> None:
    world = with_a_visit()
    world.clock.move(timedelta(days=7))
    seen(world)
    until(world, Reason.REPORT_OVERDUE)
    says(world, "denied")
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED_LATE
    decide(world, "keep-waiting")
    assert reason_of(world) is not Reason.AUTHORIZATION_DENIED_LATE


def test_a_version_after_the_visit_reaches_the_clinic_whatever_period_has_run_out() -> None:
    world = a_world()
    says(world, "approved", valid_to=world.clock.now().date() + timedelta(9))
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=7))
    seen(world)
    world.clock.move(timedelta(days=4))
    world.report(InformationSupplied, role=Role.EHR, changed=(ChangedPart.CONTENT,))
    world.settle()
    assert world.referral.work_item is None
    assert world.referral.current_step is Step.VERIFY_CLOSURE
    offer = world.referral.offers[-1]
    assert offer.payload_version == world.referral.payload_version


def test_what_others_say_meanwhile_waits_for_nobody() -> None:
    booking = standing("booking awaited")
    says(booking, "denied")
    booking.report(AppointmentBooked, start=booking.clock.now() + timedelta(days=2))
    assert reason_of(booking) is Reason.VISIT_UNAUTHORIZED

    declining = standing("offered")
    says(declining, "denied")
    declining.report(OfferDeclined, offer=declining.referral.offers[-1].number)
    declining.settle()
    assert len(declining.referral.offers) == 2


@pytest.mark.parametrize(
    ("word", "reason"), [("stop", Reason.PATIENT_OPTED_OUT), ("other", Reason.PATIENT_WROTE)]
)
def test_what_the_patient_says_meanwhile_waits_for_nobody(word: str, reason: Reason) -> None:
    world = standing("patient contacted")
    says(world, "denied")
    reply(world, word)
    assert reason_of(world) is reason


@pytest.mark.parametrize("last", [date(9999, 12, 31), date(9999, 1, 1)])
def test_an_authorization_that_never_ends_never_ends(last: date) -> None:
    world = a_world(script=PayerScript(authorization="A4-then-A1"))
    says(world, "approved", number="N1", valid_to=last)
    assert (reason_of(world), world.referral.current_step) == (None, Step.OFFER_REFERRAL)
    for act in (accepted, agreed):
        act(world)
    state = world.referrals.load(TENANT, REFERRAL)
    ahead = planned(world.engine.case(state.referral), state.mailbox)
    assert ahead
    assert PlannedAct.AUTHORIZATION_ENDS not in {one.act for one in ahead}
    booked(world)
    assert (reason_of(world), world.referral.current_step) == (None, Step.AWAIT_VISIT)
