"""Wait for the booking, then for the visit; what comes of it VerifyClosure reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from referral_core.domain.calendar import BusinessCalendar
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Appointment, Referral, Report, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Directory
from referral_core.steps.offer_referral import offer_lost
from referral_core.steps.step import (
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


@dataclass(frozen=True)
class AwaitVisit:
    """Ends when the visit happened, was missed or cancelled, or when its time ran out.

    The state machine goes on to VerifyClosure whatever the outcome: the record says what follows.
    """

    directory: Directory
    name: Step = Step.AWAIT_VISIT
    accepts: frozenset[UpdateKind] = frozenset(
        {
            UpdateKind.APPOINTMENT_BOOKED,
            UpdateKind.APPOINTMENT_CANCELLED,
            UpdateKind.PATIENT_NO_SHOW,
            UpdateKind.VISIT_ATTENDED,
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.OFFER_DECLINED,
        }
    )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the booking or the visit is awaited."""
        return begun(referral, self.name, moment, "Awaiting the visit.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Open the wait: for the booking, or for word after the visit."""
        visit = rules(referral).visit
        if referral.appointment is None or referral.appointment.status != "booked":
            due = due_after(self.directory, referral, moment, visit.booked_within)
            why = "The patient agreed; the clinic is to book the appointment."
            return lambda current, at: Draft(
                change(current, "booking-awaited", at=at.now, actor=ROUTER, why=why, due_at=due)
            )
        booking, calendar = referral.appointment, calendar_of(self.directory, referral)

        def record(current: Referral, at: Moment) -> Draft:
            return Draft(
                change(
                    current,
                    "visit-awaited",
                    at=at.now,
                    actor=ROUTER,
                    why="The visit is booked; the clinic says afterwards whether it happened.",
                    due_at=_word_due(current, booking.start, at, calendar),
                    status=Status.SCHEDULED,
                )
            )

        return record

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Follow the appointment; a new booking only moves the due time."""
        match update.kind:
            case UpdateKind.APPOINTMENT_BOOKED:
                return self._booked(referral, update, moment)
            case UpdateKind.APPOINTMENT_CANCELLED:
                return _missed(referral, update, moment, Status.VISIT_CANCELLED, "cancelled")
            case UpdateKind.PATIENT_NO_SHOW:
                return _missed(referral, update, moment, Status.NO_SHOWED, "noshow")
            case UpdateKind.VISIT_ATTENDED:
                return attended(referral, update, moment)
            case UpdateKind.REPORT_RECEIVED:
                return report_in(referral, update, moment, outcome="reported")
            case UpdateKind.OFFER_DECLINED:
                return offer_lost(referral, update, moment, "withdrawn")
            case _:
                booked_already = referral.status is Status.SCHEDULED
                reason = Reason.VISIT_UNCONFIRMED if booked_already else Reason.NOT_BOOKED
                return needs_person(referral, reason, moment, actor=update.actor)

    def _booked(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        calendar = calendar_of(self.directory, referral)
        due = _word_due(referral, _start(update), moment, calendar)
        return booked(referral, update, moment, due_at=due)


def booked(
    referral: Referral,
    update: Update,
    moment: Moment,
    *,
    outcome: str | None = None,
    due_at: datetime | None = None,
) -> Draft:
    """Draft a booking, the first or another."""
    number = referral.appointment.number + 1 if referral.appointment else 1
    start = _start(update)
    return Draft(
        change(
            referral,
            "appointment-booked",
            at=moment.now,
            actor=update.actor,
            why="The visit is booked; the clinic says afterwards whether it happened.",
            due_at=due_at or moment.soon,
            status=Status.SCHEDULED,
            facts={"appointment": number, "start": start.isoformat()},
            appointment=Appointment(number=number, start=start),
        ),
        outcome=outcome,
    )


def attended(
    referral: Referral, update: Update, moment: Moment, *, outcome: str = "attended"
) -> Draft:
    """Draft that the patient was seen: the report is awaited."""
    visited = referral.appointment or Appointment(number=1, start=moment.now)
    return Draft(
        change(
            referral,
            "visit-attended",
            at=moment.now,
            actor=update.actor,
            why="The patient was seen; the clinic is to send the report.",
            due_at=moment.soon,
            status=Status.SEEN_AWAITING_REPORT,
            appointment=visited.model_copy(update={"status": "fulfilled"}),
        ),
        outcome=outcome,
    )


def report_in(referral: Referral, update: Update, moment: Moment, outcome: str | None) -> Draft:
    """Draft the arrival of a document; the pathway says whether its type closes the loop."""
    loinc = str(update.facts.get("loinc") or "")
    sufficient = loinc in rules(referral).closure.report_loinc
    report = Report(
        sha256=str(update.facts["sha256"]),
        loinc=loinc,
        received_at=moment.now,
        sufficient=sufficient,
    )
    return Draft(
        change(
            referral,
            "report-received",
            at=moment.now,
            actor=update.actor,
            why="The clinic's report is in and is being verified.",
            due_at=moment.soon,
            status=Status.REPORT_RECEIVED,
            facts={"sha256": report.sha256, "loinc": loinc, "sufficient": sufficient},
            report=report,
        ),
        outcome=outcome,
    )


def _missed(
    referral: Referral, update: Update, moment: Moment, status: Status, appointment: str
) -> Draft:
    known = referral.appointment or Appointment(number=1, start=moment.now)
    return Draft(
        change(
            referral,
            f"visit-{appointment}",
            at=moment.now,
            actor=update.actor,
            why="The visit did not happen; the patient is contacted to book another.",
            due_at=moment.soon,
            status=status,
            appointment=known.model_copy(update={"status": appointment}),
        ),
        outcome="missed",
    )


def _start(update: Update) -> datetime:
    return datetime.fromisoformat(str(update.facts["start"]))


def _word_due(
    referral: Referral, start: datetime, moment: Moment, calendar: BusinessCalendar
) -> datetime:
    return calendar.after(max(start, moment.now), rules(referral).visit.word_after_visit)
