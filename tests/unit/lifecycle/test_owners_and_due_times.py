"""Who has it, and by when: what a person who runs referrals looks for on a worklist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.lifecycle import Queue, Status, Step
from referral_core.domain.updates import (
    AppointmentCancelled,
    AppointmentNoshow,
    AuthorizationDecided,
    CareReceivedElsewhere,
    DecisionMade,
    PatientReplied,
    Reported,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.evidence import is_unreachable
from tests.partner_actions import reason_of
from tests.unit.timelines.openings import asked, booked, seen
from tests.unit.timelines.patient_branches import call_finds_a_wrong_number
from tests.unit.timelines.world import PathwayWorld, at_work_item

FRIDAY_BEFORE_MEMORIAL_DAY = datetime(2026, 5, 22, 20, 30, tzinfo=UTC)
TUESDAY = datetime(2026, 5, 26, 13, 0, tzinfo=UTC)  # nine o'clock in Boston


def kinds(world: PathwayWorld) -> list[str]:
    return [event.kind for event, _ in world.passed]


# --- calls --------------------------------------------------------------------------------------


def test_a_call_is_overdue_when_staff_do_not_make_it_and_stays_theirs() -> None:
    world = PathwayWorld("routine-imaging")
    world.clinic_accepts()
    world.until(lambda r: r.work_item is not None)
    due = world.referral.due_at
    assert due - world.clock.now() == timedelta(days=1)  # one business day, not until the letter
    world.wait()
    assert kinds(world)[-1] == "call-overdue"
    assert reason_of(world) is Reason.CALL_DUE
    world.staff_call("agreed")
    assert world.referral.current_step is Step.AWAIT_VISIT


def test_nurses_have_a_high_risk_patient_after_a_day_although_staff_are_away() -> None:
    world = PathwayWorld("high-risk-cardiology", at=FRIDAY_BEFORE_MEMORIAL_DAY)
    world.clinic_accepts()
    world.until(at_work_item)
    assert reason_of(world) is Reason.ESCALATED
    assert world.referral.queue is Queue.CARE_MANAGEMENT
    assert world.clock.now() == FRIDAY_BEFORE_MEMORIAL_DAY + timedelta(hours=25)


def test_a_series_that_a_long_weekend_holds_back_keeps_its_distances() -> None:
    world = PathwayWorld("behavioral-health", at=FRIDAY_BEFORE_MEMORIAL_DAY)
    world.clinic_accepts()
    world.until(lambda r: len(r.contacts) > 1)
    call, text = world.referral.contacts
    assert (call.channel, call.at, call.state) == ("call", TUESDAY, "missed")
    assert (text.channel, text.at) == ("sms", TUESDAY + timedelta(days=1))


# --- evidence -----------------------------------------------------------------------------------


def test_texts_and_a_letter_prove_nothing_when_nobody_called() -> None:
    world = PathwayWorld("social-need")
    world.clinic_accepts()
    world.until(at_work_item)
    made = [c.channel for c in world.referral.contacts if c.counts]
    assert made == ["sms", "sms", "sms", "letter"]
    assert reason_of(world) is Reason.PATIENT_NOT_REACHED
    assert not is_unreachable(world.engine.case(world.referral))


# --- work items ---------------------------------------------------------------------------------


def test_a_critical_result_is_seen_within_the_hour_in_every_pathway() -> None:
    world = seen("routine-imaging")
    world.sends_document(world.rules.closure.evidence[0].loinc[0], critical=True)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    assert world.referral.due_at - world.clock.now() == timedelta(hours=1)


@pytest.mark.parametrize("reply", ["another-time", "no", "other"])
def test_a_word_about_a_visit_is_read_before_the_visit(reply: str) -> None:
    world = booked("generic-specialist")
    visit = world.referral.appointment
    assert visit is not None
    world.report(PatientReplied, reply=reply)
    assert world.referral.due_at == visit.start
    item = world.referral.work_item
    assert item is not None
    assert item.due_at == visit.start


@pytest.mark.parametrize(
    ("missed", "status"),
    [
        (AppointmentNoshow, Status.NOSHOW),
        (AppointmentCancelled, Status.APPOINTMENT_CANCELLED),
    ],
)
def test_a_clinic_that_was_asked_about_the_visit_settles_it(
    missed: type[Reported], status: Status
) -> None:
    world = booked("high-risk-cardiology")
    world.until(at_work_item)
    assert reason_of(world) is Reason.VISIT_UNCONFIRMED
    world.report(missed, role=Role.STAFF)
    assert status in world.statuses()
    assert world.referral.current_step is Step.CONTACT_PATIENT
    assert world.referral.rebookings == 1


# --- the payer's clock --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pathway_id", "clock"),
    [
        ("high-risk-cardiology", timedelta(hours=72)),
        ("generic-specialist", timedelta(days=30)),
    ],
)
def test_an_appeal_has_the_clock_of_its_request_and_is_warned_of(
    pathway_id: str, clock: timedelta
) -> None:
    world = PathwayWorld(pathway_id, PayerScript(authorization="A3"))
    world.report(DecisionMade, role=Role.STAFF, action="appeal")
    appealed_at = world.clock.now()
    assert world.referral.due_at - appealed_at == clock * 0.75
    world.wait()
    assert kinds(world)[-1] == "authorization-clock-warned"
    world.wait()
    assert reason_of(world) is Reason.AUTHORIZATION_OVERDUE
    assert world.clock.now() - appealed_at == clock


def test_an_authorization_got_by_telephone_is_granted_once() -> None:
    world = PathwayWorld("generic-specialist", PayerScript(authorization="A2"))
    known = world.referral.authorization
    assert known is not None
    world.report(
        AuthorizationDecided,
        role=Role.STAFF,
        trace=known.trace,
        verdict="approved",
        number="PA-1",
    )
    assert kinds(world).count("authorized") == 1
    assert "authorization-decided" in kinds(world)
    assert world.referral.current_step is Step.OFFER_REFERRAL


# --- the end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pathway_id", ["generic-specialist", "home-based-care"])
def test_coordinators_see_to_it_that_the_referrer_is_told(pathway_id: str) -> None:
    world = asked(pathway_id)
    world.patient_says("no", "declined")
    assert world.referral.notice is not None
    assert world.referral.queue is Queue.REFERRAL_COORDINATORS


def test_no_visit_stands_when_the_referral_is_closed() -> None:
    world = booked("generic-specialist")
    world.report(CareReceivedElsewhere, role=Role.STAFF)
    visit = world.referral.appointment
    assert visit is not None
    assert visit.status == "cancelled"


def test_the_first_of_two_documents_is_received_and_the_other_awaited() -> None:
    world = seen("home-based-care")
    world.sends_document(world.rules.closure.evidence[0].loinc[0])
    assert kinds(world)[-1] == "report-received"
    assert not world.referral.current_reports[-1].sufficient
    assert "another one is missing" in world.referral.status_reason
    world.reports()
    assert world.referral.current_reports[-1].sufficient


def test_a_corrected_number_is_the_one_that_is_written_to() -> None:
    world = call_finds_a_wrong_number("generic-specialist")
    numbers = [m.to for m in world.messenger.sent if m.channel == "sms"]
    assert numbers == ["+15085550131", "+15085550131", "+15085550177"]
