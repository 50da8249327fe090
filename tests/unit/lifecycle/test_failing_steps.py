"""A step that fails before it can write anything ends on a worklist, not in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Step
from referral_core.domain.updates import Cancel, OfferDeclined, Reported, Role
from referral_core.domain.work_items import RETRY, Reason
from referral_core.lifecycle.draft import draft
from referral_core.lifecycle.engine.run_step import MOST_TAKEOVERS
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked, reason_of, seen
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide

_MOST_STATES = 2 * MOST_TAKEOVERS + 20


def failing(world: World, step: Step) -> list[Step]:
    """Let every entry of a step fail before its first write; return the steps that were entered."""
    entered: list[Step] = []
    handle = world.machine._handle

    def fail(event: Mapping[str, Any]) -> Mapping[str, Any]:
        entered.append(Step(event["step"]))
        assert len(entered) < _MOST_STATES, "the run goes round in a circle"
        if event["step"] == step:
            world.workflow.fail_task(event["token"], "MemoryError")
            return {"next": None}
        return handle(event)

    world.machine._handle = fail
    return entered


def test_a_decision_that_leads_to_a_failing_step_is_seen_by_a_person_again() -> None:
    # Given an item whose decision leads to a step that fails at once, every time
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    failing(world, Step.CHECK_READINESS)
    # When a person decides
    decide(world, RETRY)
    # Then the fault is on the worklist, and a retry leads to that step once it works
    assert reason_of(world) is Reason.FAULT
    item = world.referral.work_item
    assert item is not None
    assert item.resume_at is Step.CHECK_READINESS


def test_what_a_partner_settles_resumes_at_the_step_that_failed() -> None:
    # Given an open item, and a step after the visit that fails before its first write
    world = STANDS_AT[Reason.VISIT_UNCONFIRMED]()
    failing(world, Step.VERIFY_CLOSURE)
    # When the clinic reports the visit
    seen(world)
    # Then the fault is seen, and a retry leads on, not back
    item = world.referral.work_item
    assert item is not None
    assert (item.reason, item.resume_at) == (Reason.FAULT, Step.VERIFY_CLOSURE)


def test_a_fault_after_the_clinics_yes_is_retried_with_the_patient() -> None:
    # Given a clinic that accepts, and a step after it that fails before its first write
    world = a_world()
    failing(world, Step.CONTACT_PATIENT)
    # When it accepts
    accepted(world)
    # Then a retry contacts the patient; the clinic is not asked again
    item = world.referral.work_item
    assert item is not None
    assert (item.reason, item.resume_at) == (Reason.FAULT, Step.CONTACT_PATIENT)


def test_a_patients_yes_is_not_forgotten_however_often_the_next_step_fails() -> None:
    # Given a patient whose yes leads to a step that no worker can start
    world = a_world()
    accepted(world)
    sent = len(world.messenger.sent)
    failing(world, Step.AWAIT_VISIT)
    agreed(world)
    # When the watchdog starts it anew again and again
    for _ in range(6):
        world.wait()
    # Then nobody asks the patient anew
    assert len(world.messenger.sent) == sent
    assert world.referral.patient_reply == "yes"


@pytest.mark.parametrize("says", [Cancel, OfferDeclined])
def test_what_keeps_a_patient_from_hearing_that_a_visit_is_off_is_due_within_the_hour(
    says: type[Reported],
) -> None:
    # Given a visit days ahead, and a step that would tell its patient that it is off
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=1))
    failing(world, Step.CONTACT_PATIENT)
    # When it is off, and the step fails
    world.report(says, role=Role.EHR if says is Cancel else Role.CLINIC)
    # Then a person sees it while there is time
    item = world.referral.work_item
    assert item is not None
    assert item.due_at is not None
    assert item.due_at - item.opened_at <= timedelta(hours=1)


def test_what_leads_to_a_step_is_looked_after_soon_whatever_is_waited_for_then() -> None:
    world = a_world()
    case = world.engine.case(world.referral)
    late, words = case.now + timedelta(days=3), "The referrer is being told."
    waiting = draft(case, EventKind.NOTICE_QUEUED, words, due_at=late)
    going_on = draft(case, EventKind.NOTICE_QUEUED, words, due_at=late, then=Step.VERIFY_CLOSURE)
    assert waiting.after.due_at > case.soon
    assert going_on.after.due_at == case.soon
