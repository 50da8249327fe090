"""What ends a referral from outside, early and late, and what opens it again."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.updates import Role, UpdateKind
from tests.acts import told
from tests.in_memory import REFERRAL, TENANT
from tests.unit.timelines.clinic_branches import no_clinic_answers
from tests.unit.timelines.openings import asked, booked, seen
from tests.unit.timelines.patient_branches import patient_declines
from tests.unit.timelines.world import PathwayWorld


def referrer_cancels_at_once(pathway_id: str) -> PathwayWorld:
    """The order is revoked while nobody has room: no clinic knows of it."""
    world = PathwayWorld(pathway_id, capacity=0)
    assert world.referral.status is Status.WAITLISTED
    world.later(1)
    world.tell(UpdateKind.CANCEL, Role.EHR)
    told(world)
    return world


def referrer_cancels(pathway_id: str) -> PathwayWorld:
    """The order is revoked when a visit is booked; the clinic is told, the place released."""
    world = booked(pathway_id)
    world.later(1)
    world.tell(UpdateKind.CANCEL, Role.EHR)
    told(world)
    return world


def referrer_cancels_too_late(pathway_id: str) -> PathwayWorld:
    """The order is revoked when the report is in: the care was given, the loop is completed."""
    world = seen(pathway_id)
    world.reports()
    world.later(0.05)
    world.tell(UpdateKind.CANCEL, Role.EHR)
    world.referrer_acknowledges()
    return world


def care_is_received_elsewhere(pathway_id: str) -> PathwayWorld:
    """A visit outside the network is found while one is booked: clinic and referrer are told."""
    world = booked(pathway_id)
    world.later(1)
    world.tell(UpdateKind.CARE_ELSEWHERE, Role.STAFF, destination="out-of-network")
    told(world)
    return world


def patient_dies_meanwhile(pathway_id: str) -> PathwayWorld:
    """The EHR says that the patient has died: a call that was due is due no more."""
    world = asked(pathway_id)
    world.tell(UpdateKind.PATIENT_GONE, Role.EHR, reason="deceased")
    told(world)
    return world


def order_was_entered_in_error(pathway_id: str) -> PathwayWorld:
    """The order was a mistake, found when the clinic has it."""
    world = PathwayWorld(pathway_id)
    world.later(0.5)
    world.tell(UpdateKind.ENTERED_IN_ERROR, Role.EHR)
    told(world)
    return world


def another_order_replaces_it(pathway_id: str) -> PathwayWorld:
    """The referrer replaces the order while the clinic has it."""
    world = PathwayWorld(pathway_id)
    world.later(0.5)
    world.tell(UpdateKind.SUPERSEDED, Role.EHR, by="f" * 32)
    told(world)
    return world


def nobody_finds_a_way(pathway_id: str) -> PathwayWorld:
    """No clinic answers, and a person signs that it expired: closed, and counted as a failure."""
    world = no_clinic_answers(pathway_id)
    world.decide("close:expired-unresolved")
    told(world)
    return world


def closed_then_reopened(pathway_id: str) -> PathwayWorld:
    """Declined and closed; the patient calls later, staff open it again at routing."""
    world = patient_declines(pathway_id)
    world.clock.move(timedelta(days=3))
    world.engine.reopen(TENANT, REFERRAL, Step.ROUTE_REFERRAL, "staff-1", "patient-changed-mind")
    world.settle()
    world.clinic_accepts()
    return world
