"""Who knows that a visit is off is told once; who was not reached hears it from what comes next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.updates import (
    AppointmentCancelled,
    Cancel,
    ChangedPart,
    OfferDeclined,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.reopen import reopen
from referral_core.lifecycle.outreach.visit_off import told_first
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, notified, reason_of
from tests.unit.lifecycle.outreach.test_told_of_the_end import texts, with_a_visit
from tests.unit.lifecycle.test_authorization_revised import says
from tests.unit.lifecycle.test_order_changes import put
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide, reply


@pytest.mark.parametrize("resume", [Step.CHECK_READINESS, Step.ROUTE_REFERRAL])
def test_what_is_reopened_after_its_visit_was_called_off_goes_on(resume: Step) -> None:
    world = with_a_visit()
    reply(world, "no")
    decide(world, "close:patient-declined")
    notified(world)
    assert world.referral.is_closed
    reopen(world.engine, TENANT, REFERRAL, resume=resume, actor="staff-1", reason="asked")
    world.settle()
    assert world.referral.status is Status.OFFERED
    accepted(world)
    assert world.referral.status is Status.CONTACTING_PATIENT
    assert [o.status for o in world.referral.offers] == ["taken-back", "accepted"]


def test_what_is_reopened_tells_nobody_of_the_visit_that_was() -> None:
    world = with_a_visit()
    reply(world, "no")
    decide(world, "close:patient-declined")
    notified(world)
    sent, step = len(texts(world)), Step.ROUTE_REFERRAL
    reopen(world.engine, TENANT, REFERRAL, resume=step, actor="staff-1", reason="asked")
    world.settle()
    world.report(OfferDeclined, offer=2, reason="no-capacity")
    assert len(texts(world)) == sent


def test_a_step_that_does_not_lead_to_the_patient_sends_nobody_to_be_told() -> None:
    world = with_a_visit()
    visit = world.referral.appointment
    assert visit is not None
    owed = world.referral.but(appointment=visit.cancelled().but(called_off=True))
    for step, is_told in ((Step.AWAIT_VISIT, True), (Step.CHECK_ELIGIBILITY, False)):
        case = world.engine.case(owed.but(current_step=step))
        assert (told_first(case, Step.ROUTE_REFERRAL) is not None) is is_told


def told_of_the_cancelled_visit(script: PayerScript | None = None) -> World:
    world = a_world(script=script)
    if script:
        says(world, "approved")
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=1))
    world.report(AppointmentCancelled)
    world.clock.move(timedelta(days=1))
    world.report(OfferDeclined, reason="specialist-left")
    return world


def test_whom_the_series_told_is_not_told_again_when_the_next_clinic_declines() -> None:
    world = told_of_the_cancelled_visit()
    sent = len(texts(world))
    world.report(OfferDeclined, offer=2, reason="no-capacity")
    assert len(texts(world)) == sent


def test_an_order_that_changes_while_the_payer_decides_on_the_next_clinic_is_checked() -> None:
    world = told_of_the_cancelled_visit(PayerScript(authorization="A4-then-A1"))
    assert world.referral.current_step is Step.REQUEST_AUTHORIZATION
    put(world, ChangedPart.SERVICE)
    assert world.referral.work_item is None
    assert world.referral.status is Status.AWAITING_AUTHORIZATION


def not_reached() -> World:
    world = with_a_visit()
    reply(world, "stop")
    world.report(OfferDeclined, reason="specialist-left")
    decide(world, "not-reached")
    assert world.referral.status is Status.OFFERED
    return world


def test_who_was_not_reached_reads_first_of_all_that_the_visit_is_off() -> None:
    world = not_reached()
    reply(world, "start")
    world.clock.move(timedelta(days=1))
    accepted(world)
    assert "is cancelled" in texts(world)[-1]


def test_who_was_not_reached_is_called_when_the_referral_ends() -> None:
    world = not_reached()
    world.report(Cancel, role=Role.EHR)
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD


def test_the_referrer_hears_of_a_visit_that_is_rebooked() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    assert [n.topic.value for n in world.referral.notices] == ["visit-off"]


def test_who_asked_for_another_time_is_not_told_when_a_person_names_another_clinic() -> None:
    world = with_a_visit()
    reply(world, "another-time")
    sent = len(texts(world))
    decide(world, "choose-performer", performer="1999900200", override="patient-preference")
    decided = len(texts(world))
    assert decided == sent


def test_who_cancels_and_gets_a_nearer_clinic_is_not_told_what_they_said() -> None:
    world = with_a_visit()
    reply(world, "no")
    sent = len(texts(world))
    decide(world, "choose-performer", performer="1999900200", override="clinical-judgement")
    assert len(texts(world)) == sent
