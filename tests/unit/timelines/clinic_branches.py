"""What the clinics may do: be full, silent, unwilling, slow, or change their mind."""

from __future__ import annotations

from referral_core.domain.calendar import BusinessCalendar
from referral_core.domain.lifecycle import Status
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentNoshow,
    OfferDeclined,
    Role,
)
from referral_core.domain.work_items import Reason
from tests.partner_actions import notified
from tests.unit.timelines.openings import accepted, booked, stands_for
from tests.unit.timelines.world import PathwayWorld, at_work_item


def no_room_then_room(pathway_id: str) -> PathwayWorld:
    """Nobody has room: waitlisted until a place opens; what is urgent goes to a person at once."""
    world = PathwayWorld(pathway_id, capacity=0)
    if stands_for(world.referral, Reason.NOT_IN_TIME):
        world.later(1)
        world.clinics_named(world.specialty)
        world.decide("retry")
        return world
    assert world.referral.status is Status.WAITLISTED
    world.wait()
    world.clinics_named(world.specialty)
    world.wait()
    return world


def no_clinic_answers(pathway_id: str) -> PathwayWorld:
    """Every clinic is reminded where the pathway says so, stays silent and is left."""
    world = PathwayWorld(pathway_id)
    world.until(at_work_item)
    return world


def every_clinic_declines(pathway_id: str) -> PathwayWorld:
    """Clinic after clinic declines within an hour, until staff close: nobody takes the patient."""
    world = PathwayWorld(pathway_id)
    while not stands_for(world.referral, Reason.NO_CANDIDATE):
        world.later(1)
        number = world.referral.offers[-1].number
        world.report(OfferDeclined, offer=number, reason="no-capacity")
    world.decide("close:no-provider-available")
    notified(world)
    return world


def clinic_withdraws_after_booking(pathway_id: str) -> PathwayWorld:
    """The clinic withdraws with the visit booked: the patient is told, another is chosen."""
    world = booked(pathway_id)
    world.later(2)
    world.report(OfferDeclined, reason="specialist-left")
    if at_work_item(world.referral):
        world.decide("patient-told")
    return world


def clinic_never_books(pathway_id: str) -> PathwayWorld:
    """The patient agreed and the clinic does not book."""
    world = accepted(pathway_id)
    world.patient_agrees()
    world.until(at_work_item)
    return world


def clinic_books_too_late(pathway_id: str) -> PathwayWorld:
    """The visit is booked for a week later than the pathway allows: it is flagged."""
    world = accepted(pathway_id)
    world.patient_agrees()
    world.later(1)
    profile = world.directory.tenant(world.referral.tenant)
    calendar = BusinessCalendar(profile.time_zone, profile.holidays)
    allowed = calendar.after(world.referral.received_at, world.rules.visit.seen_within)
    start = calendar.after(allowed, "5bd")
    world.report(AppointmentBooked, start=start)
    return world


def clinic_moves_then_cancels(pathway_id: str) -> PathwayWorld:
    """The clinic moves the visit, then cancels it; the patient is asked again."""
    world = booked(pathway_id)
    world.clinic_books()
    world.later(2)
    world.report(AppointmentCancelled)
    world.patient_is_asked()
    return world


def clinic_says_late_that_the_patient_did_not_come(pathway_id: str) -> PathwayWorld:
    """The visit's day passes without a word; asked, the clinic says that nobody came."""
    world = nobody_says_whether_the_visit_was(pathway_id)
    world.later(1)
    world.report(AppointmentNoshow, role=Role.STAFF)
    world.patient_is_asked()
    return world


def nobody_says_whether_the_visit_was(pathway_id: str) -> PathwayWorld:
    """The visit's day passes without a word."""
    world = booked(pathway_id)
    world.until(at_work_item)
    return world
