"""A closed referral that is opened again: a new run, and nothing of the old closure counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.errors import NotFound, NotLegal
from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    Cancel,
    ContactRecorded,
    NoticeAcknowledged,
    NoticeDelivered,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine import reopen as reopening
from referral_core.lifecycle.engine.apply_update import Receipt
from referral_core.lifecycle.engine.reopen import REOPENS
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import (
    TO_THE_END,
    accepted,
    acknowledged,
    agreed,
    booked,
    notified,
    patient_told,
    reason_of,
    reported,
    seen,
)
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide, reply, until


def completed() -> World:
    world = a_world()
    for act in TO_THE_END:
        act(world)
    assert world.referral.loop_closed
    return world


def cancelled(*acts: object) -> World:
    world = a_world()
    for act in acts:
        act(world)  # type: ignore[operator]
    world.report(Cancel, role=Role.EHR)
    notified(world)
    patient_told(world)
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
    return world


def reopen(world: World, resume: Step) -> Referral:
    referral = reopening.reopen(
        world.engine, TENANT, REFERRAL, resume=resume, actor="staff-1", reason="closed-by-mistake"
    )
    world.settle()
    return referral


def test_a_new_run_is_linked_to_the_closure_that_it_undoes() -> None:
    world = completed()
    closed = world.referral
    reopened = reopen(world, Step.VERIFY_CLOSURE)
    assert reopened.run == closed.run + 1
    (link,) = reopened.reopenings
    assert (link.outcome, link.loop_closed) == (Outcome.COMPLETED_REPORT_ACKNOWLEDGED, True)
    assert (link.actor, link.reason, link.closed_version) == (
        "staff-1",
        "closed-by-mistake",
        closed.version,
    )
    event = next(
        e for e in world.referrals.events(TENANT, REFERRAL) if e.kind is EventKind.REOPENED
    )
    assert event.actor == "staff-1"
    assert isinstance(event.facts, ClosureFacts)
    assert event.facts.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert event.from_status is Status.CLOSED
    assert (reopened.outcome, reopened.closed_at, reopened.loop_closed) == (None, None, False)
    assert f"{REFERRAL}-{reopened.run}" in world.machine.executions


@pytest.mark.parametrize("resume", list(REOPENS))
def test_it_goes_on_where_it_is_wanted(resume: Step) -> None:
    world = completed()
    reopened = reopen(world, resume)
    assert reopened.status is REOPENS[resume]
    execution = world.machine.executions[f"{REFERRAL}-{reopened.run}"]
    assert execution.entered[:2] == ["ResumeAt", resume.value]


def test_the_old_report_and_the_old_notice_close_nothing() -> None:
    # Given a referral that was closed with the wrong report
    world = completed()
    reopen(world, Step.VERIFY_CLOSURE)
    # Then it waits for the right one
    assert world.referral.status is Status.SEEN_AWAITING_REPORT
    assert world.referral.report is None
    assert world.referral.notice is None
    # And an acknowledgement of the old notice acknowledges nothing
    world.report(NoticeAcknowledged, role=Role.EHR, notice=1)
    assert not world.referral.is_closed
    # When the right one comes, Then its own notice must be acknowledged
    reported(world, sha256="b" * 64)
    notice = world.referral.notice
    assert notice is not None
    assert notice.number == 2
    # And what is still heard of the old one is not heard of the new one
    world.report(NoticeDelivered, role=Role.ROUTER, notice=1)
    world.report(NoticeAcknowledged, role=Role.EHR, notice=1)
    assert world.referral.notice == notice
    assert not world.referral.is_closed
    notified(world)
    assert not world.referral.is_closed
    acknowledged(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert world.referral.loop_closed


def test_a_referral_cancelled_by_mistake_goes_through_to_the_end() -> None:
    # Given a booked visit that the referrer cancelled by mistake
    world = cancelled(accepted, agreed, booked)
    first = world.referral.offers[0]
    assert sum(world.referrals.reserved.values()) == 0
    # When it is routed again
    reopen(world, Step.ROUTE_REFERRAL)
    # Then the clinic that would have seen the patient may do so
    assert world.referral.status is Status.OFFERED
    assert world.referral.offers[-1].npi == first.npi
    # And the visit that was booked is none any more: the patient's yes asks for another
    accepted(world)
    world.clock.move(timedelta(days=1))
    reply(world, "yes")
    assert world.clinics.reminded[-1] == (f"{REFERRAL}.b2", "booking")
    for act in (booked, seen, reported, notified, acknowledged):
        act(world)
    assert world.referral.loop_closed


def test_a_referral_without_a_clinic_cannot_go_on_at_the_clinic() -> None:
    world = cancelled(accepted)
    before = world.referral
    for resume in (Step.CONTACT_PATIENT, Step.VERIFY_CLOSURE):
        with pytest.raises(NotLegal, match="RouteReferral"):
            reopen(world, resume)
    assert world.referral == before


@pytest.mark.parametrize("resume", sorted(set(Step) - set(REOPENS)))
def test_it_is_resumed_at_certain_steps_only(resume: Step) -> None:
    with pytest.raises(NotLegal, match="Resume at one of"):
        reopen(completed(), resume)


def test_an_open_referral_cannot_be_reopened() -> None:
    with pytest.raises(NotLegal, match="is open"):
        reopen(a_world(), Step.ROUTE_REFERRAL)


def test_another_tenants_referral_is_not_there() -> None:
    world = completed()
    with pytest.raises(NotFound):
        reopening.reopen(
            world.engine,
            Tenant("other"),
            REFERRAL,
            resume=Step.CHECK_READINESS,
            actor="s",
            reason="r",
        )


def test_a_second_reopening_is_refused_until_it_is_closed_again() -> None:
    world = completed()
    reopen(world, Step.VERIFY_CLOSURE)
    with pytest.raises(NotLegal):
        reopen(world, Step.CONTACT_PATIENT)
    reopen(world, Step.VERIFY_CLOSURE)  # its answer was lost: done already
    assert world.referral.run == 2
    for act in (reported, notified, acknowledged):
        act(world)
    reopen(world, Step.VERIFY_CLOSURE)
    assert [r.outcome for r in world.referral.reopenings] == [
        Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    ] * 2
    assert world.referral.run == 3


def test_the_referrer_is_asked_for_what_is_missing_as_often_as_the_first_time() -> None:
    # Given a referral that was given up for its missing information
    world = STANDS_AT[Reason.MISSING_INFORMATION]()
    decide(world, "close:expired-unresolved")
    notified(world)
    # When it is opened again
    reopen(world, Step.CHECK_READINESS)
    # Then the referrer is asked, and the front office has it only after silence
    assert world.referral.status is Status.NEEDS_INFORMATION
    assert world.referral.information_requests == 1


def test_a_patient_who_was_given_up_is_reached_by_a_new_series() -> None:
    world = STANDS_AT[Reason.PATIENT_NOT_REACHED]()
    decide(world, "close:unable-to-reach")
    notified(world)
    reopen(world, Step.ROUTE_REFERRAL)
    sent = len(world.messenger.sent)
    accepted(world)
    until_sent(world, sent + 1)
    assert reason_of(world) is None
    assert world.referral.contacts[-1].position == 0


def until_sent(world: World, count: int) -> None:
    for _ in range(10):
        if len(world.messenger.sent) >= count:
            return
        world.wait()
    raise AssertionError(world.referral.status_reason)


def test_nurses_are_asked_again_in_a_new_series() -> None:
    # Given a high-risk patient, whom nurses looked for in vain
    world = STANDS_AT[Reason.ESCALATED]()
    decide(world, "close:patient-declined")
    notified(world)
    # When the referral is opened again
    reopen(world, Step.ROUTE_REFERRAL)
    accepted(world)

    def voicemail(w: World) -> None:
        w.report(ContactRecorded, role=Role.STAFF, result="voicemail")

    # Then they have it again after as many attempts in vain
    until(world, Reason.ESCALATED, voicemail)


def test_an_update_for_the_old_run_is_late_only_while_it_is_closed() -> None:
    world = completed()
    assert world.report(Cancel, role=Role.EHR) is Receipt.LATE
    reopen(world, Step.VERIFY_CLOSURE)
    assert world.report(Cancel, role=Role.EHR) is Receipt.RESOLVED
    notified(world)
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
