"""What becomes of an appointment: booked, moved, fulfilled, missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from referral_core.domain.calendar import MessagingHours, before
from referral_core.domain.events import AppointmentFacts, EventKind
from referral_core.domain.lifecycle import Next, Party, Status, Step
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.referral import Appointment, NoticeTopic, Offer, Referral, WorkItem
from referral_core.domain.slots import SlotStatus, SlotWeek
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    ClinicClosed,
    ServiceAttested,
    UpdateKind,
)
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.lifecycle.case import Case, clinic_zone
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only
from referral_core.lifecycle.reactions.booked_slots import slot_of_booking

_MISSED: Final[Mapping[UpdateKind, tuple[Status, EventKind]]] = {
    UpdateKind.APPOINTMENT_CANCELLED: (
        Status.APPOINTMENT_CANCELLED,
        EventKind.APPOINTMENT_CANCELLED,
    ),
    UpdateKind.APPOINTMENT_NOSHOW: (Status.NOSHOW, EventKind.APPOINTMENT_NOSHOW),
}


def is_booked(referral: Referral) -> bool:
    """Whether an appointment is to take place."""
    return referral.appointment is not None and referral.appointment.is_booked


def booked(case: Case, update: AppointmentBooked) -> Draft:
    """Draft a booking: the appointment is awaited next."""
    return _booked(case, update, Step.AWAIT_VISIT)


def moved(case: Case, update: AppointmentBooked) -> Draft:
    """Draft a booking, the first or another, while the appointment is awaited already."""
    concern = concern_about(case, _appointment_of(case, update))
    return _booked(case, update, Step.AWAIT_VISIT if concern else None)


def _booked(case: Case, update: AppointmentBooked, following: Next | None) -> Draft:
    appointment = _appointment_of(case, update)
    item = _too_late(case, appointment)
    asked = case.referral.but(offers=case.referral.with_booking_asked(None))
    effects, offers = slot_of_booking(case.of(asked), update)
    return draft(
        case,
        EventKind.APPOINTMENT_BOOKED,
        about(case, appointment),
        due_at=next_due(case, appointment),
        then=Step.OPEN_WORK_ITEM if item else following,
        queue=WORK_ITEM_POLICIES[item.reason].queue if item else None,
        waits_for=Party.STAFF if item else None,
        by=update,
        status=Status.SCHEDULED,
        facts=AppointmentFacts(
            appointment=appointment.number,
            start=appointment.start,
            late=_is_late(case, appointment),
            unauthorized=_is_unauthorized(case, appointment),
        ),
        effects=effects,
        appointment=appointment,
        offers=offers,
        work_item=item,
    )


def _too_late(case: Case, appointment: Appointment) -> WorkItem | None:
    """Return the work item of a visit later than the order leaves time for; None in time."""
    limit = case.wanted_by
    if limit is None or appointment.start <= limit:
        return None
    return WorkItem(
        reason=Reason.NOT_IN_TIME,
        opened_at=case.now,
        resume_at=Step.AWAIT_VISIT,
        actions=actions_of(Reason.NOT_IN_TIME),
    )


def concern_about(case: Case, appointment: Appointment) -> Reason | None:
    """Return why a person must look at a booking before the patient is reminded of it."""
    found = {
        Reason.CLINIC_CLOSED: _closed_there(case, appointment) is not None,
        Reason.VISIT_UNAUTHORIZED: _is_unauthorized(case, appointment),
        Reason.VISIT_TOO_EARLY: _is_early(case, appointment),
        Reason.INTERPRETER_NEEDED: case.content.patient.interpreter,
    }
    open_ones = (why for why, is_so in found.items() if is_so and why not in appointment.seen_to)
    return next(open_ones, None) if appointment.start > case.now else None


def clinic_closed(case: Case, update: ClinicClosed) -> Draft:
    """Draft that nobody is seen on the day of a visit: a person asks the clinic.

    The patient is told nothing: whether the visit takes place, the clinic says.
    """
    visit = case.referral.appointment
    if visit is None or not visit.is_booked or visit.start <= case.now:
        return record_only(case, update)
    if _closed_there(case, visit) is None:
        return record_only(case, update)
    # Whoever let the booking stand did not know of this closure.
    return open_work_item(case, Reason.CLINIC_CLOSED, by=update)


def closing_sentence(case: Case) -> str | None:
    """Return the sentence about a visit on a day when nobody is seen; None where it is none."""
    visit = case.referral.appointment
    return _closed_there(case, visit) if visit is not None else None


def _closed_there(case: Case, appointment: Appointment) -> str | None:
    """Return a sentence with clinic and date where nobody is seen on the day of a visit."""
    offer = case.referral.offer
    if offer is None:
        return None
    day = appointment.start.astimezone(clinic_zone(case, appointment)).date()
    entry = case.sources.directory.practitioner(case.referral.tenant, offer.specialty, offer.npi)
    if entry is None or entry.organization != offer.organization:
        return (
            f"The directory does not list {offer.npi} at {offer.organization} any more; ask about "
            f"the visit of {day.isoformat()}, then rebook, or let it stand."
        )
    if entry.sees_on(day):
        return _slot_gone(case, offer, appointment)
    return (
        f"{entry.name}, {entry.organization}, sees nobody on {day.isoformat()}, the day of the "
        "visit; ask there, then rebook, or let it stand."
    )


def _slot_gone(case: Case, offer: Offer, appointment: Appointment) -> str | None:
    """Return a sentence where the clinic says of a visit's slot that nobody is seen then."""
    reservation = offer.reservation
    if reservation is None or reservation.slot is None:
        return None
    if not reservation.slot.start <= appointment.start < reservation.slot.end:
        return None
    week = reservation.week
    published = case.sources.directory.slots(case.referral.tenant, offer.npi, [week])
    slot = published.get(week, SlotWeek()).slots.get(reservation.slot.id)
    if slot is not None and slot.status is not SlotStatus.BUSY_UNAVAILABLE:
        return None
    return (
        f"{offer.organization} says that nobody is seen at the time of the visit, "
        f"{reservation.slot.start.isoformat(timespec='minutes')}; ask there, then rebook, or let "
        "it stand."
    )


def about(case: Case, appointment: Appointment) -> str:
    """Return the sentence about a booking; what is wrong with it comes first."""
    if _is_unauthorized(case, appointment):
        return "The visit is booked outside the authorized period; the clinic should move it."
    if _is_early(case, appointment):
        return "The visit is booked before the day from which the order wants it."
    if _is_late(case, appointment):
        return "The visit is booked later than the pathway allows; ask for an earlier one."
    return "The visit is booked; the clinic says afterwards whether it happened."


def _is_unauthorized(case: Case, appointment: Appointment) -> bool:
    """Whether it lies before or after the authorized period, on the clinic's own calendar.

    No day is within one that the payer took back.
    """
    known = case.referral.authorization
    day = appointment.start.astimezone(clinic_zone(case, appointment)).date()
    if known is not None and known.status is AuthorizationStatus.REVOKED:
        return True
    if known is None or known.status is not AuthorizationStatus.APPROVED:
        return False
    early = known.valid_from is not None and day < known.valid_from
    return early or (known.valid_to is not None and day > known.valid_to)


def _is_early(case: Case, appointment: Appointment) -> bool:
    """Whether it lies before the day from which the order wants it, on the clinic's calendar."""
    day = appointment.start.astimezone(clinic_zone(case, appointment)).date()
    return case.not_before is not None and day < case.not_before


def _is_late(case: Case, appointment: Appointment) -> bool:
    within, since = case.rules.visit.seen_within, case.from_then(case.referral.received_at)
    return appointment.start > case.calendar.after(since, within)


def fulfilled(case: Case, update: AppointmentFulfilled | ServiceAttested) -> Draft:
    """Draft that the patient was seen: the report is awaited, or attested not to come."""
    referral = case.referral
    appointment = _seen_at(case, update)
    attestation = referral.attestation
    if isinstance(update, ServiceAttested):
        attestation = update.reason or "service-completed"
    is_reported = referral.status is Status.REPORT_RECEIVED
    return draft(
        case,
        EventKind.APPOINTMENT_FULFILLED,
        "The patient was seen; the clinic is to send the report.",
        then=Step.VERIFY_CLOSURE,
        by=update,
        status=None if is_reported else Status.SEEN_AWAITING_REPORT,
        facts=AppointmentFacts(
            appointment=appointment.number,
            start=appointment.start,
            late=_is_late(case, appointment),
            reason=update.reason,
        ),
        appointment=appointment.but(status="fulfilled"),
        attestation=attestation,
        work_item=None,
    )


def _seen_at(case: Case, update: AppointmentFulfilled | ServiceAttested) -> Appointment:
    """Return the visit that took place, at the time at which its clinic says that it did."""
    known = case.referral.appointment or Appointment(number=1, start=case.now)
    if isinstance(update, ServiceAttested) or update.start is None:
        return known
    return known.but(start=update.start, utc_offset=update.utc_offset)


def missed(case: Case, update: AppointmentCancelled | AppointmentNoshow) -> Draft:
    """Draft that the appointment was cancelled or that the patient did not come."""
    status, kind = _MISSED[update.kind]
    referral = case.referral
    known = referral.appointment or Appointment(number=1, start=case.now)
    notified = case.rules.visit.referrer_told
    topic = NoticeTopic.APPOINTMENT_MISSED
    return draft(
        case,
        kind,
        "The visit did not happen; the patient is contacted to book another.",
        then=Step.VERIFY_CLOSURE,
        by=update,
        status=status,
        facts=AppointmentFacts(
            appointment=known.number,
            start=known.start,
            reason=update.reason,
            referrer_notified=notified,
        ),
        appointment=known.but(
            status="noshow" if status is Status.NOSHOW else "cancelled",
        ),
        notices=referral.with_notice(case.now, topic) if notified else referral.notices,
        work_item=None,
    )


def _appointment_of(case: Case, update: AppointmentBooked) -> Appointment:
    """Return what an update books; reminders that would be late are none any more."""
    known = case.referral.appointment
    # A booking that is moved keeps its number: the clinic goes on to name it by that.
    number = update.appointment or (known.number + 1 if known else 1)
    appointment = Appointment(number=number, start=update.start, utc_offset=update.utc_offset)
    return appointment.but(reminders=reminders_due(case, appointment))


def reminder_times(case: Case, appointment: Appointment) -> list[datetime]:
    """Return when the patient is to be reminded: never at night, so that nobody wakes for it."""
    planned = [before(appointment.start, span) for span in case.rules.visit.reminders]
    if case.referral.time_zones:
        hours = MessagingHours(case.referral.time_zones)
        planned = [hours.opens(at) for at in planned]
    return [at for at in planned if at < appointment.start]


def reminders_due(case: Case, appointment: Appointment) -> int:
    """Count the reminders whose time has come."""
    return sum(at <= case.now for at in reminder_times(case, appointment))


def next_due(case: Case, appointment: Appointment) -> datetime:
    """Return when the next reminder is due, else when the clinic's word on the visit is."""
    ahead = [at for at in reminder_times(case, appointment) if at > case.now]
    return min([*ahead, word_due(case, appointment)])


def word_due(case: Case, appointment: Appointment) -> datetime:
    """Return when silence about an appointment is suspicious."""
    span = case.rules.visit.word_after_visit
    return case.calendar.after(max(appointment.start, case.now), span)
