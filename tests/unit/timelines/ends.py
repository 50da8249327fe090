"""What ends a referral from outside, early and late, and what opens it again."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.updates import (
    Cancel,
    CareReceivedElsewhere,
    DeceasedOrMoved,
    EnteredInError,
    Role,
    Superseded,
)
from referral_core.lifecycle.engine.reopen import reopen
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import notified, patient_told
from tests.unit.timelines.clinic_branches import no_clinic_answers
from tests.unit.timelines.openings import asked, booked, seen
from tests.unit.timelines.patient_branches import patient_declines
from tests.unit.timelines.world import PathwayWorld


def referrer_cancels_at_once(pathway_id: str) -> PathwayWorld:
    """The order is revoked while nobody has room: no clinic knows of it."""
    world = PathwayWorld(pathway_id, capacity=0)
    assert world.referral.status in {Status.WAITLISTED, Status.ROUTING}
    world.later(1)
    world.report(Cancel, role=Role.EHR)
    notified(world)
    return world


def referrer_cancels(pathway_id: str) -> PathwayWorld:
    """The order is revoked when a visit is booked; all are told, the place is released."""
    world = booked(pathway_id)
    world.later(1)
    world.report(Cancel, role=Role.EHR)
    notified(world)
    patient_told(world)
    return world


def referrer_cancels_too_late(pathway_id: str) -> PathwayWorld:
    """The order is revoked when the report is in: the care was given, the loop is completed."""
    world = seen(pathway_id)
    world.reports()
    world.later(0.05)
    world.report(Cancel, role=Role.EHR)
    world.referrer_acknowledges()
    return world


def care_is_received_elsewhere(pathway_id: str) -> PathwayWorld:
    """A visit elsewhere is found while one is booked: clinic, referrer and patient are told."""
    world = booked(pathway_id)
    world.later(1)
    world.report(CareReceivedElsewhere, role=Role.STAFF)
    notified(world)
    patient_told(world)
    return world


def patient_dies_meanwhile(pathway_id: str) -> PathwayWorld:
    """The EHR says that the patient has died: a call that was due is due no more."""
    world = asked(pathway_id)
    world.report(DeceasedOrMoved, role=Role.EHR, reason="deceased")
    notified(world)
    return world


def order_was_entered_in_error(pathway_id: str) -> PathwayWorld:
    """The order was a mistake, found when the clinic has it."""
    world = PathwayWorld(pathway_id)
    world.later(0.5)
    world.report(EnteredInError, role=Role.EHR)
    notified(world)
    return world


def another_order_replaces_it(pathway_id: str) -> PathwayWorld:
    """The referrer replaces the order while the clinic has it."""
    world = PathwayWorld(pathway_id)
    world.later(0.5)
    world.report(Superseded, role=Role.EHR, by="f" * 32)
    notified(world)
    return world


def nobody_finds_a_way(pathway_id: str) -> PathwayWorld:
    """No clinic answers, and a person signs that it expired: closed, and counted as a failure."""
    world = no_clinic_answers(pathway_id)
    world.decide("close:expired-unresolved")
    notified(world)
    return world


def closed_then_reopened(pathway_id: str) -> PathwayWorld:
    """Declined and closed; the patient calls later, staff open it again at routing."""
    world = patient_declines(pathway_id)
    world.clock.move(timedelta(days=3))
    reopen(
        world.engine,
        TENANT,
        REFERRAL,
        resume=Step.ROUTE_REFERRAL,
        actor="staff-1",
        reason="patient-changed-mind",
    )
    world.settle()
    world.clinic_accepts()
    return world
