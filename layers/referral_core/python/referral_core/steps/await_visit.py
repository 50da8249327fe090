"""Wait for the booking, then for the visit, reminding the patient of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from referral_core.domain.calendar import BusinessCalendar
from referral_core.domain.errors import Final, Retryable, RouterError
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.outreach import METERED, Purpose
from referral_core.domain.referral import (
    Appointment,
    Contact,
    Referral,
    change,
    with_contact_ended,
)
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Ambiguous, Clinics
from referral_core.steps.content import performer_of
from referral_core.steps.messaging import Messages, half_sent
from referral_core.steps.offer_referral import offer_lost
from referral_core.steps.patient_words import AGREED, called, replied, unmoved
from referral_core.steps.step import (
    AGAIN,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    due_after,
    needs_person,
    rules,
)
from referral_core.steps.visits import (
    about_visit,
    attended,
    booked,
    missed,
    next_due,
    reminders_due,
    report_in,
)


@dataclass(frozen=True)
class AwaitVisit:
    """Ends when the visit happened, was missed or cancelled, or when its time ran out.

    After `again` it is entered again, for a reminder; after what became of the visit VerifyClosure
    reads the record.
    """

    messages: Messages
    clinics: Clinics
    name: Step = Step.AWAIT_VISIT

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept what becomes of the visit, and the patient's word about it."""
        return frozenset(
            {
                UpdateKind.APPOINTMENT_BOOKED,
                UpdateKind.APPOINTMENT_CANCELLED,
                UpdateKind.PATIENT_NO_SHOW,
                UpdateKind.PATIENT_REPLIED,
                UpdateKind.CONTACT_RECORDED,
                UpdateKind.VISIT_ATTENDED,
                UpdateKind.SERVICE_ATTESTED,
                UpdateKind.REPORT_RECEIVED,
                UpdateKind.OFFER_DECLINED,
            }
        )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Write a reminder that is due down before the carrier is called."""
        contacts, visit = referral.contacts, referral.appointment
        if (unsure := half_sent(referral, moment, self.name)) is not None:
            return unsure
        slot = None
        if visit is not None and visit.status == "booked":
            remind_at = self._remind_at(referral, visit, moment)
            if remind_at is None or remind_at <= moment.now:
                past = reminders_due(referral, visit, moment)
                visit = visit.model_copy(update={"reminders": past})
            if remind_at is not None and remind_at <= moment.now:
                contact = self._reminder(referral, moment)
                contacts = (*contacts, contact)
                slot = self.messages.slot(referral, contact)
        draft = begun(
            referral,
            self.name,
            moment,
            "Awaiting the visit.",
            contacts=contacts,
            appointment=visit,
        )
        return Draft(draft.change, slot=slot)

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Send the reminder, and open the wait: for the booking, or for what follows."""
        visit = referral.appointment
        if visit is None or visit.status != "booked":
            return self._await_booking(referral, moment)
        calendar = self._calendar(referral)
        contact = referral.contacts[-1] if referral.contacts else None
        if contact is None or contact.state != "sending":
            remind_at = self._remind_at(referral, visit, moment)
            return lambda current, at: _awaited(current, at, visit, calendar, remind_at=remind_at)
        preparation = rules(referral).visit.preparation
        purpose = Purpose.PREPARATION if preparation else Purpose.REMINDER
        try:
            parts = self.messages.send(referral, contact, purpose)
        except Ambiguous:
            return lambda current, at: needs_person(
                current,
                Reason.MESSAGE_AMBIGUOUS,
                at,
                contacts=with_contact_ended(current, "ambiguous"),
            )
        except (Retryable, Final):
            # Not sent, surely: the visit stands without it.
            return lambda current, at: _awaited(
                current, at, visit, calendar, contacts=with_contact_ended(current, "failed")
            )
        return lambda current, at: _awaited(
            current,
            at,
            visit,
            calendar,
            contacts=with_contact_ended(current, "sent", parts),
            metered={METERED[contact.channel]: parts},
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Follow the appointment; a new booking only moves the due time."""
        match update.kind:
            case UpdateKind.APPOINTMENT_BOOKED:
                return booked(referral, update, moment, self._calendar(referral))
            case UpdateKind.APPOINTMENT_CANCELLED | UpdateKind.PATIENT_NO_SHOW:
                return missed(referral, update, moment)
            case UpdateKind.PATIENT_REPLIED:
                return _onward(replied(referral, update, moment))
            case UpdateKind.CONTACT_RECORDED:
                draft = called(referral, update, moment, self.messages.hours(referral))
                return unmoved(draft, referral) if draft.outcome == AGAIN else _onward(draft)
            case UpdateKind.VISIT_ATTENDED | UpdateKind.SERVICE_ATTESTED:
                return attended(referral, update, moment)
            case UpdateKind.REPORT_RECEIVED:
                return report_in(referral, update, moment, outcome="reported")
            case UpdateKind.OFFER_DECLINED:
                return offer_lost(referral, update, moment, "withdrawn")
            case _:
                return self._silence(referral, update, moment)

    def _silence(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        visit = referral.appointment
        if visit is None or visit.status != "booked":
            return needs_person(referral, Reason.NOT_BOOKED, moment, actor=update.actor)
        word_after = rules(referral).visit.word_after_visit
        if moment.now < self._calendar(referral).after(visit.start, word_after):
            return Draft(
                change(
                    referral,
                    "reminder-due",
                    at=moment.now,
                    actor=update.actor,
                    why="The patient is reminded of the visit.",
                    due_at=moment.soon,
                ),
                outcome=AGAIN,
            )
        return needs_person(referral, Reason.VISIT_UNCONFIRMED, moment, actor=update.actor)

    def _await_booking(self, referral: Referral, moment: Moment) -> Recording:
        due = due_after(
            self.messages.directory, referral, moment, rules(referral).visit.booked_within
        )
        if referral.offer is not None:
            # Whether the clinic hears it holds nobody up: a booking that fails to come is seen.
            with suppress(RouterError):
                performer = performer_of(self.messages.directory, referral)
                task_id = f"{referral.id}.b{referral.offer.number}"
                self.clinics.remind(performer, task_id, "booking")
        why = "The patient agreed; the clinic is to book the appointment."
        return lambda current, at: Draft(
            change(
                current,
                "booking-awaited",
                at=at.now,
                actor=ROUTER,
                why=why,
                due_at=due,
                waits_for=Party.CLINIC,
            )
        )

    def _remind_at(self, referral: Referral, visit: Appointment, moment: Moment) -> datetime | None:
        """Return when a due reminder may be sent; None when none is due, or it would be late."""
        if reminders_due(referral, visit, moment) <= visit.reminders:
            return None
        if not self.messages.reachable(referral, "sms"):
            return None
        free = self.messages.free_at(referral, "sms", moment.now)
        return free if free < visit.start else None

    def _reminder(self, referral: Referral, moment: Moment) -> Contact:
        return Contact(
            number=len(referral.contacts) + 1,
            channel="sms",
            at=moment.now,
            state="sending",
            purpose="reminder",
            day_part=self.messages.hours(referral).part_of(moment.now),
        )

    def _calendar(self, referral: Referral) -> BusinessCalendar:
        return calendar_of(self.messages.directory, referral)


def _onward(draft: Draft) -> Draft:
    """Enter this step again where the patient only wants the clinic to book."""
    return (
        Draft(draft.change, outcome=AGAIN, release=draft.release)
        if (draft.outcome == AGREED)
        else draft
    )


def _awaited(
    referral: Referral,
    moment: Moment,
    visit: Appointment,
    calendar: BusinessCalendar,
    *,
    remind_at: datetime | None = None,
    contacts: tuple[Contact, ...] | None = None,
    metered: dict[str, int] | None = None,
) -> Draft:
    due = next_due(referral, visit, moment, calendar)
    return Draft(
        change(
            referral,
            "visit-awaited" if contacts is None else "patient-reminded",
            at=moment.now,
            actor=ROUTER,
            why=about_visit(referral, visit, calendar),
            due_at=min(due, remind_at) if remind_at else due,
            status=Status.SCHEDULED,
            metered=metered,
            contacts=referral.contacts if contacts is None else contacts,
        )
    )
