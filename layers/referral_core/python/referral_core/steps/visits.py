"""What becomes of a visit: booked, moved, attended, missed, and the reports about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from referral_core.domain.calendar import BusinessCalendar, MessagingHours, before
from referral_core.domain.lifecycle import Status
from referral_core.domain.pathway import ClosureRule
from referral_core.domain.referral import About, Appointment, Referral, Report, change, with_notice
from referral_core.domain.updates import Update, UpdateKind
from referral_core.steps.step import Draft, Moment, noted, rules

_MISSED: Mapping[UpdateKind, tuple[Status, str]] = {
    UpdateKind.APPOINTMENT_CANCELLED: (Status.VISIT_CANCELLED, "cancelled"),
    UpdateKind.PATIENT_NO_SHOW: (Status.NO_SHOWED, "noshow"),
}
"""What a visit that did not take place makes of referral and appointment."""


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
            why=about_visit(referral, visit, calendar),
            due_at=moment.soon if outcome else next_due(referral, visit, moment, calendar),
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


def about_visit(referral: Referral, visit: Appointment, calendar: BusinessCalendar) -> str:
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


def _visit_of(referral: Referral, update: Update, moment: Moment) -> Appointment:
    """Return the visit that an update books; reminders that would be late are none any more."""
    following = referral.appointment.number + 1 if referral.appointment else 1
    # A booking that is moved keeps its number: the clinic goes on to name it by that.
    number = int(update.facts.get("appointment") or following)
    visit = Appointment(number=number, start=datetime.fromisoformat(str(update.facts["start"])))
    past = reminders_due(referral, visit, moment)
    return visit.model_copy(update={"reminders": past})


def _reminder_times(referral: Referral, visit: Appointment) -> list[datetime]:
    """Return when the patient is to be reminded: never at night, so that nobody wakes for it."""
    planned = [before(visit.start, span) for span in rules(referral).visit.reminders]
    if referral.time_zones:
        planned = [MessagingHours(referral.time_zones).opens(at) for at in planned]
    return [at for at in planned if at < visit.start]


def reminders_due(referral: Referral, visit: Appointment, moment: Moment) -> int:
    """Count the reminders whose time has come."""
    return sum(at <= moment.now for at in _reminder_times(referral, visit))


def next_due(
    referral: Referral, visit: Appointment, moment: Moment, calendar: BusinessCalendar
) -> datetime:
    """Return when the next reminder is due, else when word of the visit is."""
    ahead = [at for at in _reminder_times(referral, visit) if at > moment.now]
    return min([*ahead, _word_due(referral, visit.start, moment, calendar)])


def _word_due(
    referral: Referral, start: datetime, moment: Moment, calendar: BusinessCalendar
) -> datetime:
    return calendar.after(max(start, moment.now), rules(referral).visit.word_after_visit)
