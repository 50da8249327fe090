"""Wait for the booking, then for the visit, reminding the patient of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent, Retryable, RouterError
from referral_core.domain.events import ContactFacts, EventKind, Facts
from referral_core.domain.lifecycle import End, Next, Party, Status, Step
from referral_core.domain.messages import DeliveryUnknown
from referral_core.domain.outreach.plan import METERED, Purpose
from referral_core.domain.outreach.series import last_contact, with_contact_ended
from referral_core.domain.referral import Appointment, Contact
from referral_core.domain.updates import AuthorizationDecided, Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.outreach.messages import (
    Messages,
    free_at,
    message_claim,
    reachable,
    unconfirmed_send,
)
from referral_core.lifecycle.reactions import authorization
from referral_core.lifecycle.reactions.appointment import (
    about,
    clinic_closed,
    concern_about,
    moved,
    next_due,
    reminders_due,
)
from referral_core.lifecycle.reactions.patient import unreached_while_booked
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.lifecycle import Clinics


def _authorized_anew(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft another decision of the payer: the visit is looked at again if it changes anything."""
    revised = authorization.revised(case, update)
    is_news = revised.after.authorization != case.referral.authorization
    visit = revised.after.appointment
    if visit is None or not visit.is_booked:
        return authorization.revised_unbooked(case, update)
    if not is_news:
        return revised
    # Due soon: a resolution that is lost is sent again before the visit.
    return revised.with_after(revised.after.but(due_at=case.soon)).to(Step.AWAIT_VISIT)


@dataclass(frozen=True)
class AwaitVisit(Reacting):
    """Goes on when the visit happened, was missed or cancelled, or when its time ran out.

    It is entered again for a reminder, and for a booking that is to be asked for.
    """

    messages: Messages
    clinics: Clinics
    name: ClassVar[Step] = Step.AWAIT_VISIT
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.OFFER_REFERRAL,
            Step.CONTACT_PATIENT,
            Step.AWAIT_VISIT,
            Step.ROUTE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        **reactions_to(
            UpdateKind.APPOINTMENT_CANCELLED,
            UpdateKind.APPOINTMENT_NOSHOW,
            UpdateKind.PATIENT_REPLIED,
            UpdateKind.APPOINTMENT_FULFILLED,
            UpdateKind.SERVICE_ATTESTED,
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.OFFER_DECLINED,
        ),
        UpdateKind.APPOINTMENT_BOOKED: moved,
        UpdateKind.CLINIC_CLOSED: clinic_closed,
        UpdateKind.AUTHORIZATION_DECIDED: _authorized_anew,
        UpdateKind.CONTACT_RECORDED: unreached_while_booked,
    }

    def start(self, case: Case) -> Draft:
        """Write a reminder that is due down before the carrier is called."""
        if (unsure := unconfirmed_send(case, self.name)) is not None:
            return unsure
        if (ended := authorization.authorization_ended(case, self.name)) is not None:
            return ended
        contacts, appointment = case.referral.contacts, case.referral.appointment
        claims: tuple[Effect, ...] = ()
        if appointment is not None and appointment.is_booked:
            if (concern := concern_about(case, appointment)) is not None:
                return open_work_item(case, concern, current_step=self.name)
            remind_at = _remind_at(case, appointment)
            if remind_at is None or remind_at <= case.now:
                appointment = appointment.but(reminders=reminders_due(case, appointment))
            if remind_at is not None and remind_at <= case.now:
                contact = _reminder(case)
                contacts = (*contacts, contact)
                claims = message_claim(case, contact)
        return start_draft(
            case,
            self.name,
            "Awaiting the visit.",
            effects=claims,
            contacts=contacts,
            appointment=appointment,
        )

    def execute(self, case: Case) -> Recorder:
        """Send the reminder, and open the wait: for the booking, or for what follows."""
        appointment, contact = case.referral.appointment, last_contact(case.referral)
        if appointment is None or not appointment.is_booked:
            return self._await_booking(case)
        if contact is None or contact.state != "sending":
            remind_at = _remind_at(case, appointment)
            return lambda current: _awaited(current, appointment, remind_at=remind_at)
        purpose = Purpose.PREPARATION if case.rules.visit.preparation else Purpose.REMINDER
        try:
            parts = self.messages.send(case, contact, purpose)
        except DeliveryUnknown:
            return lambda current: open_work_item(
                current,
                Reason.MESSAGE_AMBIGUOUS,
                contacts=with_contact_ended(current.referral, "ambiguous"),
            )
        except (Retryable, Permanent):
            # Not sent, surely: the visit stands without it.
            return lambda current: _awaited(
                current,
                appointment,
                contacts=with_contact_ended(current.referral, "failed"),
            )
        return lambda current: _awaited(
            current,
            appointment,
            contacts=with_contact_ended(current.referral, "sent", parts),
            metered={METERED[contact.channel]: parts},
        )

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Draft what silence means: no booking, a reminder due, or no word on the visit."""
        appointment = case.referral.appointment
        if (ended := authorization.authorization_ended(case, self.name, by=update)) is not None:
            return ended
        if appointment is None or not appointment.is_booked:
            # Whoever lets the clinic be waited for any longer has it asked anew.
            unasked = case.referral.with_booking_asked(None)
            return open_work_item(case, Reason.NOT_BOOKED, by=update, offers=unasked)
        span = case.rules.visit.word_after_visit
        if case.now >= case.calendar.after(appointment.start, span):
            return open_work_item(case, Reason.VISIT_UNCONFIRMED, by=update)
        return draft(
            case,
            EventKind.REMINDER_DUE,
            "The patient is reminded of the visit.",
            then=Step.AWAIT_VISIT,
            by=update,
        )

    def _await_booking(self, case: Case) -> Recorder:
        """Ask the clinic for a booking, once: whatever else came meanwhile puts it off no further.

        Whether the clinic hears it holds nobody up: a booking that fails to come is seen.
        """
        offer = case.referral.offer
        asked_at = (offer.booking_asked_at if offer else None) or case.now
        if offer is not None and offer.booking_asked_at is None:
            with suppress(RouterError):
                self.clinics.remind(case.performer(), case.task_id(), "booking")
        due = case.due_after(case.rules.visit.booked_within, since=asked_at)
        return lambda current: draft(
            current,
            EventKind.BOOKING_AWAITED,
            "The patient agreed; the clinic is to book the appointment.",
            due_at=due,
            waits_for=Party.CLINIC,
            offers=current.referral.with_booking_asked(asked_at),
        )


def _remind_at(case: Case, appointment: Appointment) -> datetime | None:
    """Return when a due reminder may be sent; None when none is due, or it would be late."""
    if reminders_due(case, appointment) <= appointment.reminders:
        return None
    if not reachable(case, "sms"):
        return None
    free = free_at(case, "sms", case.now)
    return free if free < appointment.start else None


def _reminder(case: Case) -> Contact:
    return Contact(
        number=len(case.referral.contacts) + 1,
        channel="sms",
        at=case.now,
        state="sending",
        purpose="reminder",
        day_part=case.hours.part_of(case.now),
    )


def _awaited(
    case: Case,
    appointment: Appointment,
    *,
    remind_at: datetime | None = None,
    contacts: tuple[Contact, ...] | None = None,
    metered: Mapping[str, int] | None = None,
) -> Draft:
    due = next_due(case, appointment)
    facts: Facts | None = None
    if contacts is not None:
        facts = ContactFacts(attempt=contacts[-1].number, channel=contacts[-1].channel)
    return draft(
        case,
        EventKind.APPOINTMENT_AWAITED if contacts is None else EventKind.PATIENT_REMINDED,
        about(case, appointment),
        due_at=min(due, remind_at) if remind_at else due,
        status=Status.SCHEDULED,
        facts=facts,
        metered=metered,
        contacts=case.referral.contacts if contacts is None else contacts,
    )
