"""Wait for the booking, then for the visit, reminding the patient of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from referral_core.domain.calendar import BusinessCalendar, MessagingHours, before
from referral_core.domain.errors import Final, Retryable, RouterError
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.outreach import METERED, Purpose
from referral_core.domain.pathway import ClosureRule
from referral_core.domain.referral import (
    About,
    Appointment,
    Contact,
    Referral,
    Report,
    change,
    with_notice,
)
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Ambiguous, Clinics
from referral_core.steps.content import performer_of
from referral_core.steps.messaging import Messages
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
    noted,
    rules,
)

_MISSED: Mapping[UpdateKind, tuple[Status, str]] = {
    UpdateKind.APPOINTMENT_CANCELLED: (Status.VISIT_CANCELLED, "cancelled"),
    UpdateKind.PATIENT_NO_SHOW: (Status.NO_SHOWED, "noshow"),
}
"""What a visit that did not take place makes of referral and appointment."""


@dataclass(frozen=True)
class AwaitVisit:
    """Ends when the visit happened, was missed or cancelled, or when its time ran out.

    Whatever the outcome but `again`, VerifyClosure follows: the record says what comes next.
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
        if contacts and contacts[-1].state == "sending":
            return needs_person(
                referral,
                Reason.MESSAGE_AMBIGUOUS,
                moment,
                contacts=_ended(referral, "ambiguous"),
                phase=self.name,
            )
        slot = None
        if visit is not None and visit.status == "booked":
            remind_at = self._remind_at(referral, visit, moment)
            if remind_at is None or remind_at <= moment.now:
                past = _reminders_due(referral, visit, moment)
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
                current, Reason.MESSAGE_AMBIGUOUS, at, contacts=_ended(current, "ambiguous")
            )
        except (Retryable, Final):
            # Not sent, surely: the visit stands without it.
            return lambda current, at: _awaited(
                current, at, visit, calendar, contacts=_ended(current, "failed")
            )
        return lambda current, at: _awaited(
            current,
            at,
            visit,
            calendar,
            contacts=_ended(current, "sent", parts),
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
        if _reminders_due(referral, visit, moment) <= visit.reminders:
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


def booked(
    referral: Referral,
    update: Update,
    moment: Moment,
    calendar: BusinessCalendar,
    *,
    outcome: str | None = None,
) -> Draft:
    """Draft a booking, the first or another; one that is late or unauthorized says so.

    Args:
        referral: the projection.
        update: the clinic's word, with the visit's start.
        moment: now.
        calendar: of the tenant.
        outcome: told to the state machine; None: the step goes on waiting, for the visit.
    """
    visit = _visit_of(referral, update, moment)
    return Draft(
        change(
            referral,
            "appointment-booked",
            at=moment.now,
            actor=update.actor,
            why=_about(referral, visit, calendar),
            due_at=moment.soon if outcome else _next_due(referral, visit, moment, calendar),
            status=Status.SCHEDULED,
            facts={
                "appointment": visit.number,
                "start": visit.start.isoformat(),
                "late": _is_late(referral, visit, calendar),
                "unauthorized": _is_unauthorized(referral, visit),
            },
            appointment=visit,
            work_item=None,
        ),
        outcome=outcome,
    )


def _about(referral: Referral, visit: Appointment, calendar: BusinessCalendar) -> str:
    """Return the sentence about a booked visit; what is wrong with it comes first."""
    if _is_unauthorized(referral, visit):
        return "The visit is booked outside the authorized period; the clinic should move it."
    if _is_late(referral, visit, calendar):
        return "The visit is booked later than the pathway allows; ask for an earlier one."
    return "The visit is booked; the clinic says afterwards whether it happened."


def _is_unauthorized(referral: Referral, visit: Appointment) -> bool:
    known = referral.authorization
    return bool(known and known.valid_to and visit.start.date() > known.valid_to)


def _is_late(referral: Referral, visit: Appointment, calendar: BusinessCalendar) -> bool:
    within = rules(referral).visit.seen_within
    return visit.start > calendar.after(referral.received_at, within)


def attended(
    referral: Referral, update: Update, moment: Moment, *, outcome: str = "attended"
) -> Draft:
    """Draft that the patient was seen: the report is awaited, or attested not to come."""
    visited = referral.appointment or Appointment(number=1, start=moment.now)
    attestation = referral.attestation
    if update.kind is UpdateKind.SERVICE_ATTESTED:
        attestation = str(update.facts.get("reason") or "service-completed")
    return Draft(
        change(
            referral,
            "visit-attended",
            at=moment.now,
            actor=update.actor,
            why="The patient was seen; the clinic is to send the report.",
            due_at=moment.soon,
            status=None
            if referral.status is Status.REPORT_RECEIVED
            else Status.SEEN_AWAITING_REPORT,
            facts=update.facts,
            appointment=visited.model_copy(update={"status": "fulfilled"}),
            attestation=attestation,
            work_item=None,
        ),
        outcome=outcome,
    )


def report_in(referral: Referral, update: Update, moment: Moment, outcome: str | None) -> Draft:
    """Draft the arrival of a document; the pathway says whether the loop can be closed with it."""
    report = report_of(referral, update, moment)
    reports = (*referral.reports, report)
    if not (_is_wanted(referral, report) or report.critical or _was_seen(referral)):
        # A paper that the pathway does not ask for is no proof of a visit.
        return noted(referral, update, moment, "report-insufficient", reports=reports)
    return Draft(
        change(
            referral,
            "report-received",
            at=moment.now,
            actor=update.actor,
            why="The clinic's report is in and is being verified.",
            due_at=moment.soon,
            status=Status.REPORT_RECEIVED,
            facts=facts_of(report),
            reports=reports,
            work_item=None,
        ),
        outcome=outcome,
    )


def _is_wanted(referral: Referral, report: Report) -> bool:
    return any(report.loinc in rule.loinc for rule in rules(referral).closure.evidence)


def _was_seen(referral: Referral) -> bool:
    return referral.appointment is not None and referral.appointment.status == "fulfilled"


def report_of(referral: Referral, update: Update, moment: Moment) -> Report:
    """Return the report that an update brings."""
    loinc, final = str(update.facts.get("loinc") or ""), update.facts.get("final") is not False
    before = {r.loinc for r in referral.current_reports if r.final}
    present = {*before, loinc} if final else before
    return Report(
        sha256=str(update.facts["sha256"]),
        loinc=loinc,
        received_at=moment.now,
        sufficient=final and _suffices(rules(referral).closure, present),
        final=final,
        critical=bool(update.facts.get("critical")),
    )


def facts_of(report: Report) -> dict[str, str | int | bool | None]:
    """Return what an event says of a report."""
    return report.model_dump(include={"sha256", "loinc", "sufficient", "final", "critical"})


def _suffices(closure: ClosureRule, present: set[str]) -> bool:
    return all(present & set(rule.loinc) for rule in closure.evidence)


def missed(referral: Referral, update: Update, moment: Moment, *, outcome: str = "missed") -> Draft:
    """Draft that the visit was cancelled or that the patient did not come."""
    status, appointment = _MISSED[update.kind]
    known = referral.appointment or Appointment(number=1, start=moment.now)
    told = rules(referral).visit.referrer_told
    return Draft(
        change(
            referral,
            f"visit-{appointment}",
            at=moment.now,
            actor=update.actor,
            why="The visit did not happen; the patient is contacted to book another.",
            due_at=moment.soon,
            status=status,
            facts={"reason": update.facts.get("reason"), "referrer_told": told},
            appointment=known.model_copy(update={"status": appointment}),
            notices=with_notice(referral, moment.now, About.VISIT_MISSED)
            if told
            else referral.notices,
            work_item=None,
        ),
        outcome=outcome,
    )


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
    due = _next_due(referral, visit, moment, calendar)
    return Draft(
        change(
            referral,
            "visit-awaited" if contacts is None else "patient-reminded",
            at=moment.now,
            actor=ROUTER,
            why=_about(referral, visit, calendar),
            due_at=min(due, remind_at) if remind_at else due,
            status=Status.SCHEDULED,
            metered=metered,
            contacts=referral.contacts if contacts is None else contacts,
        )
    )


def _ended(referral: Referral, state: str, parts: int = 0) -> tuple[Contact, ...]:
    *before, last = referral.contacts
    return (*before, last.model_copy(update={"state": state, "parts": parts}))


def _visit_of(referral: Referral, update: Update, moment: Moment) -> Appointment:
    """Return the visit that an update books; reminders that would be late are none any more."""
    following = referral.appointment.number + 1 if referral.appointment else 1
    # A booking that is moved keeps its number: the clinic goes on to name it by that.
    number = int(update.facts.get("appointment") or following)
    visit = Appointment(number=number, start=datetime.fromisoformat(str(update.facts["start"])))
    past = _reminders_due(referral, visit, moment)
    return visit.model_copy(update={"reminders": past})


def _reminder_times(referral: Referral, visit: Appointment) -> list[datetime]:
    """Return when the patient is to be reminded: never at night, so that nobody wakes for it."""
    planned = [before(visit.start, span) for span in rules(referral).visit.reminders]
    if referral.time_zones:
        planned = [MessagingHours(referral.time_zones).opens(at) for at in planned]
    return [at for at in planned if at < visit.start]


def _reminders_due(referral: Referral, visit: Appointment, moment: Moment) -> int:
    return sum(at <= moment.now for at in _reminder_times(referral, visit))


def _next_due(
    referral: Referral, visit: Appointment, moment: Moment, calendar: BusinessCalendar
) -> datetime:
    """Return when the next reminder is due, else when word of the visit is."""
    ahead = [at for at in _reminder_times(referral, visit) if at > moment.now]
    return min([*ahead, _word_due(referral, visit.start, moment, calendar)])


def _word_due(
    referral: Referral, start: datetime, moment: Moment, calendar: BusinessCalendar
) -> datetime:
    return calendar.after(max(start, moment.now), rules(referral).visit.word_after_visit)
