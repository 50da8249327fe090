"""What a clinic sends that no longer has the referral: kept, read by a person, and no proof."""

from __future__ import annotations

import pytest

from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    Cancel,
    OfferDeclined,
    PatientReplied,
    ReportReceived,
    Role,
)
from referral_core.domain.work_items import KEEP_WAITING, Reason, closing_action
from referral_core.lifecycle.engine.apply_update import Receipt
from tests.in_memory import World
from tests.partner_actions import REPORT, accepted, agreed, booked, reason_of
from tests.unit.lifecycle.work_item_worlds import a_world, care, decide


def with_the_second_clinic(*acts: str) -> World:
    """The first clinic declined; the second one was asked, and did this much."""
    world = a_world()
    world.report(OfferDeclined, offer=1)
    assert [o.organization for o in world.referral.offers] == ["clinic-1", "clinic-2"]
    for act in acts:
        {"accepted": accepted, "agreed": agreed, "booked": booked}[act](world)
    return world


STAGES = (
    ((), Step.OFFER_REFERRAL),
    (("accepted",), Step.CONTACT_PATIENT),
    (("accepted", "agreed"), Step.AWAIT_VISIT),
    (("accepted", "agreed", "booked"), Step.AWAIT_VISIT),
)


@pytest.mark.parametrize(("acts", "step"), STAGES)
def test_the_report_of_a_clinic_that_declined_closes_nothing(
    acts: tuple[str, ...], step: Step
) -> None:
    world = with_the_second_clinic(*acts)
    appointment = world.referral.appointment
    # When the clinic that declined sends the very report that would close the loop
    receipt = world.report(ReportReceived, organization="clinic-1", **REPORT)
    # Then a person reads it, and nothing is proved by it
    assert receipt is Receipt.RESOLVED
    assert reason_of(world) is Reason.REPORT_OF_FORMER_PERFORMER
    assert world.referral.reports == ()
    assert world.referral.appointment == appointment
    # And when it was read, the referral goes on where it was
    decide(world, KEEP_WAITING)
    assert world.referral.current_step is step
    assert reason_of(world) is None
    assert world.referral.offers[-1].is_in_hand


def test_its_critical_result_is_no_less_read() -> None:
    world = with_the_second_clinic("accepted", "agreed", "booked")
    world.report(ReportReceived, organization="clinic-1", critical=True, **REPORT)
    item = world.referral.work_item
    assert item is not None
    assert item.due_at is not None
    assert (item.due_at - world.clock.now()).total_seconds() == 3600


@pytest.mark.parametrize(("acts", "step"), STAGES)
def test_a_second_report_keeps_the_item_where_it_is(acts: tuple[str, ...], step: Step) -> None:
    world = with_the_second_clinic(*acts)
    world.report(ReportReceived, organization="clinic-1", **REPORT)
    # When it sends another one before anybody has read the first
    world.report(ReportReceived, organization="clinic-1", **{**REPORT, "sha256": "b" * 64})
    # Then the same item stays open, due in time, and leads back to where the referral was
    item = world.referral.work_item
    assert item is not None
    assert (item.resume_at, world.referral.current_step) == (step, Step.OPEN_WORK_ITEM)
    assert item.due_at is not None
    decide(world, KEEP_WAITING)
    assert world.referral.current_step is step


def test_what_settles_the_rest_leaves_it_to_be_read() -> None:
    # Given a patient's words on a worklist, and then a critical report of the former clinic
    world = with_the_second_clinic("accepted")
    world.report(PatientReplied, reply=Reply.OTHER)
    assert reason_of(world) is Reason.PATIENT_WROTE
    world.report(ReportReceived, organization="clinic-1", critical=True, **REPORT)
    assert reason_of(world) is Reason.REPORT_OF_FORMER_PERFORMER
    # When the patient agrees before anybody has read it
    world.report(PatientReplied, reply=Reply.YES)
    # Then it is still to be read
    assert reason_of(world) is Reason.REPORT_OF_FORMER_PERFORMER
    # And the referral goes on with the patient's word once it was
    decide(world, KEEP_WAITING)
    assert world.referral.current_step is Step.AWAIT_VISIT


def test_the_end_of_the_order_leaves_it_to_be_read() -> None:
    world = with_the_second_clinic("accepted")
    world.report(ReportReceived, organization="clinic-1", **REPORT)
    world.report(Cancel, role=Role.EHR)
    assert reason_of(world) is Reason.REPORT_OF_FORMER_PERFORMER
    decide(world, KEEP_WAITING)
    assert world.referral.proposed_outcome is Outcome.CANCELLED_BY_REFERRER
    assert reason_of(world) is None


def test_an_item_that_moves_to_another_team_is_nobodys() -> None:
    world = with_the_second_clinic("accepted")
    world.report(PatientReplied, reply=Reply.OTHER)
    care(world, "claim")
    item, team = world.referral.work_item, world.referral.queue
    assert item is not None
    assert item.owner is not None
    world.report(ReportReceived, organization="clinic-1", **REPORT)
    item = world.referral.work_item
    assert item is not None
    assert world.referral.queue is not team
    assert item.owner is None


def test_who_reads_it_may_find_that_the_patient_was_seen_there() -> None:
    world = with_the_second_clinic("accepted")
    world.report(ReportReceived, organization="clinic-1", **REPORT)
    decide(world, closing_action(Outcome.CARE_RECEIVED_ELSEWHERE))
    assert world.referral.proposed_outcome is Outcome.CARE_RECEIVED_ELSEWHERE


def test_a_booking_that_waited_until_its_clinic_had_declined_books_nothing() -> None:
    # Given a clinic that books before it has accepted: nobody uses that yet
    world = a_world()
    start = world.clock.now().replace(day=20)
    early = world.report(AppointmentBooked, start=start)
    assert early is Receipt.PENDING
    # When it declines, and the next clinic has the patient's yes
    world.report(OfferDeclined, offer=1)
    accepted(world)
    agreed(world)
    # Then no visit is booked at the clinic that declined
    assert world.referral.appointment is None
    assert world.referral.status is not Status.SCHEDULED


def test_a_clinic_without_the_referral_cancels_no_visit() -> None:
    world = with_the_second_clinic("accepted", "agreed", "booked")
    world.report(AppointmentCancelled, organization="clinic-1")
    assert world.referral.appointment is not None
    assert world.referral.appointment.is_booked
