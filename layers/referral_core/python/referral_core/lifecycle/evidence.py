"""What the record proves: of the patient, of the appointment, and what is still awaited."""

from __future__ import annotations

from datetime import datetime

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.outreach.series import series
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.outreach.alternates import alternates


def proposed_outcome(case: Case) -> Outcome | None:
    """Return the outcome that the record proposes; None while the report is missing."""
    referral = case.referral
    if referral.proposed_outcome is not None:
        return referral.proposed_outcome
    if any(r.sufficient for r in referral.current_reports):
        return Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    if referral.attestation is not None and case.rules.closure.attestation:
        return Outcome.COMPLETED_ATTESTED
    return None


def is_unreachable(case: Case) -> bool:
    """Whether the record proves that the patient cannot be reached.

    The letter is asked for beside the channels and parts of the day: it stands for none of them.
    Where the order names others whom staff may call, one of them must have been called.
    """
    wanted = case.rules.outreach.evidence
    made = [c for c in series(case.referral) if c.counts]
    others = [c for c in series(case.referral) if c.alternate is not None and c.state == "made"]
    spoken = [c for c in made if c.channel != "letter"]
    return (
        len(made) >= wanted.attempts
        and len({c.channel for c in spoken}) >= wanted.channels
        and len({c.day_part for c in spoken}) >= wanted.day_parts
        and (not wanted.letter or any(c.channel == "letter" for c in made))
        and bool(others or not alternates(case))
    )


def is_missed(case: Case) -> bool:
    """Whether the appointment did not take place and no other is booked."""
    appointment = case.referral.appointment
    return appointment is not None and appointment.status in {"noshow", "cancelled"}


def is_critical(case: Case) -> bool:
    """Whether a critical result waits for a clinician's eyes."""
    return any(r.critical for r in case.referral.reports[case.referral.reports_reviewed :])


def report_reminder_times(case: Case) -> tuple[datetime, ...]:
    """Return when the clinic is reminded of the report."""
    seen = _seen_at(case)
    return tuple(case.calendar.after(seen, span) for span in case.rules.closure.chase_after)


def report_due(case: Case) -> datetime:
    """Return when the clinic is reminded next, or when the report is overdue."""
    ahead = [at for at in report_reminder_times(case) if at > case.now]
    return min([*ahead, report_overdue_at(case)])


def report_overdue_at(case: Case) -> datetime:
    """Return when the report is overdue; where somebody decided to keep waiting: as long again."""
    within, calendar = case.rules.closure.report_within, case.calendar
    overdue = calendar.after(_seen_at(case), within)
    return overdue if overdue > case.now else calendar.after(case.now, within)


def overdue_reason(referral: Referral) -> Reason:
    """Return why a person looks when nothing came: the report, the notice, or its answer."""
    if referral.notice is None:
        return Reason.REPORT_OVERDUE
    if referral.notice.delivered_at is None:
        return Reason.NOTICE_UNDELIVERED
    return Reason.NOT_ACKNOWLEDGED


def closes_loop(case: Case, outcome: Outcome) -> bool:
    """Whether the evidence, the notice and (for completed-*) the acknowledgement are there."""
    notice = case.referral.notice
    if notice is None or notice.delivered_at is None:
        return False
    acknowledged = notice.acknowledged_at is not None
    match outcome:
        case Outcome.EXPIRED_UNRESOLVED:
            return False  # a person's signature that nobody knows how it ended
        case Outcome.UNABLE_TO_REACH:
            return is_unreachable(case)
        case Outcome.COMPLETED_ATTESTED:
            return acknowledged and case.rules.closure.attestation
        case Outcome.COMPLETED_REPORT_ACKNOWLEDGED:
            return acknowledged and any(r.sufficient for r in case.referral.current_reports)
        case _:
            return True


def _seen_at(case: Case) -> datetime:
    """Return when the patient was seen; a booking that still lies ahead says nothing of it."""
    appointment = case.referral.appointment
    return min(appointment.start, case.now) if appointment else case.referral.status_since
