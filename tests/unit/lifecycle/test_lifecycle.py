"""The lifecycle in memory: the real ASL, engine and steps; a test plays the partners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.change import change
from referral_core.domain.errors import StaleRun
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.updates import (
    AppointmentNoshow,
    AuthorizationDecided,
    Cancel,
    ContactRecorded,
    DecisionMade,
    OfferDeclined,
    PatientReplied,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.domain.writes import Commit
from referral_core.lifecycle.engine.apply_update import Receipt
from referral_core.lifecycle.engine.process_due import DueResult, process_due
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

S = Status
HAPPY = [
    S.RECEIVED,
    S.CHECKING_ELIGIBILITY,
    S.ROUTING,
    S.AWAITING_AUTHORIZATION,
    S.OFFERED,
    S.ACCEPTED,
    S.CONTACTING_PATIENT,
    S.SCHEDULED,
    S.SEEN_AWAITING_REPORT,
    S.REPORT_RECEIVED,
    S.CLOSED,
]


def a_world(sample: str = "happy-path", script: PayerScript | None = None) -> World:
    world = World(script)
    world.accept(sample)
    world.settle()
    return world


def _run(world: World, *acts: Any) -> None:
    for act in acts:
        act(world)


def _loop_is_closed(world: World) -> None:
    referral = world.referral
    assert referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert referral.loop_closed


def test_happy_path_closes_the_loop_within_seventeen_states() -> None:
    world = a_world()
    _run(world, *TO_THE_END)
    _loop_is_closed(world)
    assert world.statuses() == HAPPY
    assert len(world.entered()) == 17
    metered = sum(e.metered.get("states", 0) for e in world.referrals.events(TENANT, REFERRAL))
    assert metered == 17


def test_a_pended_authorization_goes_on_when_the_payer_certifies() -> None:
    world = a_world(script=PayerScript(authorization="A4-then-A1"))
    known = world.referral.authorization
    assert known is not None
    assert world.referral.waits_for is Party.PAYER
    world.report(AuthorizationDecided, role=Role.PAYER, trace=known.trace, verdict="approved")
    _run(world, *TO_THE_END)
    _loop_is_closed(world)


def test_a_decision_on_another_request_changes_nothing() -> None:
    world = a_world(script=PayerScript(authorization="A4-then-A1"))
    world.report(AuthorizationDecided, role=Role.PAYER, trace="other", verdict="approved")
    assert world.referral.status is Status.AWAITING_AUTHORIZATION


def test_a_denied_authorization_is_on_the_teams_worklist_until_a_person_decides() -> None:
    world = a_world(script=PayerScript(authorization="A3"))
    assert world.referral.queue is Queue.PRIOR_AUTHORIZATION
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.AUTHORIZATION_DENIED
    world.wait()
    assert world.referral.status_reason.startswith("Overdue")
    world.report(DecisionMade, role=Role.STAFF, action="close:authorization-denied-final")
    notified(world)
    assert world.referral.outcome is Outcome.AUTHORIZATION_DENIED_FINAL
    assert world.referral.loop_closed


@pytest.mark.parametrize("silence", [False, True])
def test_a_clinic_that_declines_or_stays_silent_is_not_asked_again(*, silence: bool) -> None:
    world = a_world()
    first = world.referral.offers[0]
    held = dict(world.referrals.reserved)
    if silence:
        world.wait()
        assert world.clinics.withdrawn
    else:
        world.report(OfferDeclined, offer=1)
    second = world.referral.offers[1]
    assert second.npi != first.npi
    assert sum(world.referrals.reserved.values()) == sum(held.values()) == 1
    _run(world, *TO_THE_END)
    _loop_is_closed(world)


def test_when_every_clinic_declined_the_coordinators_see_it_after_the_waitlist() -> None:
    world = a_world()
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    assert world.referral.status is Status.WAITLISTED
    while world.referral.status is Status.WAITLISTED:
        world.wait()
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.NO_CANDIDATE
    assert sum(world.referrals.reserved.values()) == 0


def test_missing_information_is_asked_for_and_goes_on_when_supplied() -> None:
    world = a_world("missing-information")
    assert world.referral.status is Status.NEEDS_INFORMATION
    assert set(world.referral.missing) == {"patient.phone", "coverage.member_id"}
    world.supply("missing-information")
    _run(world, *TO_THE_END)
    _loop_is_closed(world)


def test_information_that_never_comes_ends_on_the_front_offices_worklist() -> None:
    world = a_world("missing-information")
    while world.referral.work_item is None:
        world.wait()
    assert world.referral.information_requests == 0
    assert world.referral.queue is Queue.FRONT_OFFICE
    world.supply("missing-information")
    assert world.referral.status is Status.OFFERED


@pytest.mark.parametrize("verdict", ["inactive", "unclear", "down"])
def test_a_patient_who_is_not_covered_is_on_the_worklist(verdict: Any) -> None:
    world = a_world(script=PayerScript(eligibility=verdict))
    item = world.referral.work_item
    assert item is not None
    assert world.referral.waits_for is Party.STAFF
    expected = {
        "inactive": Reason.NOT_ELIGIBLE,
        "unclear": Reason.ELIGIBILITY_UNCLEAR,
        "down": Reason.FAULT,
    }
    assert item.reason is expected[verdict]


def test_self_pay_goes_on_without_asking_the_payer_again() -> None:
    world = a_world(script=PayerScript(eligibility="inactive"))
    world.report(DecisionMade, role=Role.STAFF, action="self-pay")
    assert world.referral.status is Status.OFFERED


@pytest.mark.parametrize("steps_done", range(7))
def test_the_referrer_can_cancel_in_every_wait(steps_done: int) -> None:
    world = a_world()
    _run(world, *TO_THE_END[:steps_done])
    world.report(Cancel, role=Role.EHR)
    if steps_done < 5:
        notified(world)
        patient_told(world)
        assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
        assert world.referral.loop_closed
        assert sum(world.referrals.reserved.values()) == 0
    else:
        # The report was in: the care was given, and the loop is closed with it.
        _run(world, notified, acknowledged)
        _loop_is_closed(world)


def test_a_report_that_comes_after_a_cancellation_is_accepted() -> None:
    world = a_world()
    _run(world, accepted, agreed, booked)
    world.report(Cancel, role=Role.EHR)
    assert world.referral.status is Status.CANCEL_REQUESTED
    reported(world)
    _run(world, notified, acknowledged)
    _loop_is_closed(world)


def test_a_report_that_comes_while_the_patient_is_contacted_moves_on_to_closure() -> None:
    world = a_world()
    accepted(world)
    reported(world)
    _run(world, notified, acknowledged)
    _loop_is_closed(world)


def test_a_wrong_document_does_not_close_the_loop() -> None:
    world = a_world()
    _run(world, accepted, agreed, booked, seen)
    reported(world, loinc="34133-9")
    assert world.referral.status is Status.SEEN_AWAITING_REPORT
    assert world.referral.proposed_outcome is None
    reported(world)
    _run(world, notified, acknowledged)
    _loop_is_closed(world)


def test_a_no_show_is_contacted_again_and_the_second_visit_closes_the_loop() -> None:
    world = a_world()
    _run(world, accepted, agreed, booked)
    world.clock.move(timedelta(days=8))
    world.report(AppointmentNoshow)
    assert world.referral.status is Status.CONTACTING_PATIENT
    _run(world, agreed, booked, seen, reported, notified, acknowledged)
    _loop_is_closed(world)
    assert len(world.messenger.sent) == 2


def test_no_shows_beyond_the_pathways_limit_need_a_person() -> None:
    world = a_world()
    _run(world, accepted)
    for _ in range(3):
        _run(world, agreed, booked)
        world.report(AppointmentNoshow)
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.REBOOKINGS_EXHAUSTED


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [("stop", Reason.PATIENT_OPTED_OUT), ("other", Reason.PATIENT_WROTE)],
)
def test_a_reply_that_a_person_must_read_is_on_the_worklist(keyword: str, reason: Reason) -> None:
    world = a_world()
    accepted(world)
    world.report(PatientReplied, reply=keyword)
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is reason


def test_a_patient_who_declines_ends_with_the_referrer_told_and_the_place_released() -> None:
    world = a_world()
    accepted(world)
    world.report(PatientReplied, reply="no")
    notified(world)
    assert world.referral.outcome is Outcome.PATIENT_DECLINED
    assert world.referral.loop_closed
    assert sum(world.referrals.reserved.values()) == 0


def test_a_patient_who_never_answers_is_tried_as_the_pathway_says_then_a_person_decides() -> None:
    world = a_world()
    accepted(world)
    while reason_of(world) is not Reason.PATIENT_NOT_REACHED:
        world.wait()
    made = [(c.channel, c.state) for c in world.referral.contacts]
    assert made == [
        ("sms", "sent"),
        ("sms", "sent"),
        ("call", "missed"),
        ("email", "skipped"),
        ("portal", "sent"),
        ("call", "missed"),
        ("letter", "sent"),
    ]
    assert [m.channel for m in world.messenger.sent] == [c for c, s in made if s == "sent"]
    # Four attempts are no proof where the pathway wants five: a person decides.
    assert world.referral.waits_for is Party.STAFF


def test_a_patient_whom_calls_do_not_reach_either_cannot_be_reached() -> None:
    world = a_world()
    accepted(world)
    while world.referral.status is Status.CONTACTING_PATIENT:
        item = world.referral.work_item
        if item is not None and item.reason is Reason.CALL_DUE:
            world.report(ContactRecorded, role=Role.STAFF, result="voicemail")
        elif world.referral.proposed_outcome is not None:
            break
        else:
            world.wait()
    notified(world)
    assert world.referral.outcome is Outcome.UNABLE_TO_REACH
    assert world.referral.loop_closed


def test_no_message_is_sent_at_night() -> None:
    world = a_world()
    world.clock.move(timedelta(hours=14))  # midnight in Boston
    accepted(world)
    assert not world.messenger.sent
    world.wait()
    assert len(world.messenger.sent) == 1


@pytest.mark.parametrize("late", [notified, acknowledged])
def test_a_notice_that_arrives_after_all_settles_its_work_item(late: Any) -> None:
    world = a_world()
    _run(world, *TO_THE_END[:5])
    world.wait()
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.NOTICE_UNDELIVERED
    late(world)
    if late is notified:
        acknowledged(world)
    _loop_is_closed(world)
    assert world.referral.notice is not None
    assert world.referral.notice.number == 1


def test_a_notice_can_be_sent_again_by_a_person() -> None:
    world = a_world()
    _run(world, *TO_THE_END[:6])
    world.wait()
    world.report(DecisionMade, role=Role.STAFF, action="retry")
    assert world.referral.notice is not None
    assert world.referral.notice.number == 2
    _run(world, notified, acknowledged)
    _loop_is_closed(world)


def test_every_wait_in_silence_ends_on_a_persons_worklist() -> None:
    for steps_done in range(7):
        world = a_world()
        _run(world, *TO_THE_END[:steps_done])
        for _ in range(40):
            if world.referral.waits_for is Party.STAFF:
                break
            world.wait()
        assert world.referral.waits_for is Party.STAFF, TO_THE_END[steps_done]


def test_an_update_after_the_end_is_recorded_and_changes_nothing() -> None:
    world = a_world()
    _run(world, *TO_THE_END)
    closed = world.referral
    assert world.report(Cancel, role=Role.EHR) is Receipt.LATE
    after = world.referral
    assert (after.status, after.outcome, after.loop_closed) == (
        closed.status,
        closed.outcome,
        closed.loop_closed,
    )
    assert after.version == closed.version + 1


# --- the watchdog -----------------------------------------------------------------------------


def test_a_lost_start_is_made_up_for() -> None:
    world = World()
    world.accept("happy-path")
    world.machine.start_requested = lambda: None  # type: ignore[method-assign]
    world.settle()
    assert not world.machine.executions
    del world.machine.start_requested
    world.machine.executions[f"{REFERRAL}-1"] = None  # type: ignore[assignment]
    del world.machine.executions[f"{REFERRAL}-1"]
    world.wait()
    _run(world, *TO_THE_END)
    _loop_is_closed(world)


@pytest.mark.parametrize("killed_at", list(Step)[:8])
def test_an_execution_that_dies_before_a_step_is_resumed_by_a_new_run(killed_at: Step) -> None:
    world = World()
    world.accept("happy-path")

    class Killed(Exception):
        pass

    def kill(execution: Any) -> None:
        if execution.state == killed_at and world.referral.run == 1:
            execution.status = "ABORTED"
            raise Killed

    world.machine.before_task = kill
    for act in (lambda w: w.settle(), *TO_THE_END):
        for _ in range(12):
            try:
                act(world)
                break
            except Killed:
                world.wait()
            except AssertionError:
                world.wait()
    for _ in range(3):
        if not world.referral.is_closed:
            world.wait()
    assert world.referral.run == 2
    _loop_is_closed(world)


@pytest.mark.parametrize("steps_done", range(7))
def test_an_execution_stopped_while_it_waits_is_resumed(steps_done: int) -> None:
    world = a_world()
    _run(world, *TO_THE_END[:steps_done])
    world.machine.stop(f"{REFERRAL}-1")
    for act in TO_THE_END[steps_done:]:
        act(world)
        while world.referrals.load(TENANT, REFERRAL).mailbox.resolution is not None:
            world.wait()  # the resolution reached nobody: the sweep finds out
    _loop_is_closed(world)
    assert world.referral.run == 2


@pytest.mark.parametrize("lost", range(7))
def test_a_lost_resolution_is_sent_again_by_the_sweep(lost: int) -> None:
    world = a_world()
    for number, act in enumerate(TO_THE_END):
        if number == lost:
            waiting = set(world.workflow.waiting)
            world.workflow.waiting.clear()  # the send reaches nobody
            act(world)
            world.workflow.waiting |= waiting
            world.wait()
        else:
            act(world)
    _loop_is_closed(world)
    assert world.referral.run == 1


def test_a_stale_runs_write_is_refused() -> None:
    world = a_world()
    loaded = world.referrals.load(TENANT, REFERRAL)
    stale = loaded.referral
    restarted = change(
        stale,
        EventKind.RUN_RESTARTED,
        at=world.clock.now(),
        actor="t",
        status_reason="w",
        due_at=stale.due_at,
        run=2,
    )
    world.referrals.commit(Commit(change=restarted, mailbox_before=loaded.mailbox))
    late = change(
        stale,
        EventKind.STEP_STARTED,
        at=world.clock.now(),
        actor="t",
        status_reason="w",
        due_at=stale.due_at,
    )
    with pytest.raises(StaleRun):
        world.referrals.commit(Commit(change=late, mailbox_before=loaded.mailbox))


def test_a_closed_referral_is_left_alone_by_the_watchdog() -> None:
    world = a_world()
    _run(world, *TO_THE_END)
    world.clock.move(timedelta(days=400))
    assert process_due(world.engine, TENANT, REFERRAL) is DueResult.NOT_DUE
