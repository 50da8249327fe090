"""Critical results go to a clinician first, whenever they come; other documents close the loop."""

from __future__ import annotations

import pytest

from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import (
    AppointmentCancelled,
    Cancel,
    Role,
    ServiceAttested,
)
from referral_core.domain.work_items import Reason
from tests.in_memory import World
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
from tests.unit.lifecycle.work_item_worlds import a_world, decide
from tests.unit.timelines.world import PathwayWorld


def after(*acts: object) -> World:
    world = a_world()
    for act in acts:
        act(world)  # type: ignore[operator]
    return world


def critical(world: World, **fields: object) -> None:
    reported(world, sha256="c" * 64, critical=True, **fields)


@pytest.mark.parametrize(
    "before",
    [
        (accepted,),
        (accepted, agreed),
        (accepted, agreed, booked),
        (accepted, agreed, booked, seen),
        (accepted, agreed, booked, seen, reported),
        (accepted, agreed, booked, seen, reported, notified),
    ],
)
def test_a_critical_result_goes_to_a_clinician_whenever_it_comes(before: tuple[object]) -> None:
    # Given a referral at any point after the offer was accepted
    world = after(*before)
    # When a critical result comes
    critical(world)
    # Then clinical review has it at once, and the referrer is alerted
    assert reason_of(world) is Reason.CRITICAL_RESULT
    assert world.referral.queue is Queue.CLINICAL_REVIEW
    assert world.referral.notices[-1].topic is NoticeTopic.CRITICAL_RESULT
    # And once a clinician saw to it, the loop is closed with the report
    decide(world, "sign-off")
    notified(world)
    acknowledged(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert world.referral.loop_closed


def test_a_critical_result_of_a_cancelled_referral_is_seen_and_closes_it_as_completed() -> None:
    world = after(accepted, agreed, booked)
    world.report(Cancel, role=Role.EHR)
    critical(world)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    decide(world, "sign-off")
    notified(world)
    acknowledged(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_a_preliminary_critical_result_is_seen_and_does_not_close_the_loop() -> None:
    world = after(accepted, agreed, booked, seen)
    critical(world, final=False)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    decide(world, "sign-off")
    assert world.referral.status is Status.SEEN_AWAITING_REPORT
    reported(world)
    assert reason_of(world) is None
    notified(world)
    acknowledged(world)
    assert world.referral.loop_closed


def test_each_critical_result_is_seen_once() -> None:
    world = after(accepted, agreed, booked, seen)
    critical(world, final=False)
    decide(world, "sign-off")
    reported(world, sha256="d" * 64, critical=True)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    decide(world, "sign-off")
    assert world.referral.reports_reviewed == 2
    assert reason_of(world) is None


def test_a_visit_that_was_cancelled_by_mistake_can_have_taken_place() -> None:
    world = after(accepted, agreed, booked)
    world.report(AppointmentCancelled)
    agreed(world)
    seen(world)
    assert world.referral.status is Status.SEEN_AWAITING_REPORT


def test_every_document_that_the_pathway_wants_must_be_there() -> None:
    # Given home care, which is closed by a start of care and a signed plan
    world = PathwayWorld("home-based-care")
    accepted(world)
    start, plan = world.rules.closure.evidence
    seen(world)
    reported(world, loinc=start.loinc[0])
    assert world.referral.proposed_outcome is None
    reported(world, loinc=plan.loinc[0], sha256="e" * 64)
    assert world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_an_attestation_closes_the_loop_where_the_pathway_takes_it() -> None:
    for pathway_id, closes in (("behavioral-health", True), ("generic-specialist", False)):
        world = PathwayWorld(pathway_id)
        accepted(world)
        world.report(ServiceAttested, reason="consent-restricted")
        assert (world.referral.proposed_outcome is Outcome.COMPLETED_ATTESTED) is closes
