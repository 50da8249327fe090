"""What the record proves: of the patient, of the visit, and what is still awaited."""

from __future__ import annotations

from datetime import datetime

from referral_core.domain.calendar import BusinessCalendar
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.referral import Contact, Referral
from referral_core.steps.step import Moment, rules


def proposed_outcome(referral: Referral) -> Outcome | None:
    """Return the outcome that the record proposes; None while the report is missing."""
    if referral.closing is not None:
        return referral.closing
    if any(r.sufficient for r in referral.current_reports):
        return Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    if referral.attestation is not None and rules(referral).closure.attestation:
        return Outcome.COMPLETED_ATTESTED
    return None


def series(referral: Referral) -> tuple[Contact, ...]:
    """Return the invitations since the last rebooking: each rebooking starts a new series."""
    recent = referral.contacts[referral.contacts_before :]
    return tuple(c for c in recent if c.purpose == "invitation")


def is_unreachable(referral: Referral) -> bool:
    """Whether the record proves that the patient cannot be reached.

    The letter is asked for beside the channels and parts of the day: it stands for none of them.
    """
    wanted, made = rules(referral).outreach.evidence, [c for c in series(referral) if c.counts]
    spoken = [c for c in made if c.channel != "letter"]
    return (
        len(made) >= wanted.attempts
        and len({c.channel for c in spoken}) >= wanted.channels
        and len({c.day_part for c in spoken}) >= wanted.day_parts
        and (not wanted.letter or any(c.channel == "letter" for c in made))
    )


def is_missed(referral: Referral) -> bool:
    """Whether the visit did not take place and no other is booked."""
    visit = referral.appointment
    return visit is not None and visit.status in {"noshow", "cancelled"}


def is_critical(referral: Referral) -> bool:
    """Whether a critical result waits for a clinician's eyes."""
    return any(r.critical for r in referral.reports[referral.reviewed :])


def chase_times(
    referral: Referral, moment: Moment, calendar: BusinessCalendar
) -> tuple[datetime, ...]:
    """Return when the clinic is reminded of the report."""
    seen = _seen_at(referral, moment)
    return tuple(calendar.after(seen, span) for span in rules(referral).closure.chase_after)


def report_due(referral: Referral, moment: Moment, calendar: BusinessCalendar) -> datetime:
    """Return when the clinic is reminded next, or when the report is overdue."""
    within = rules(referral).closure.report_within
    overdue = calendar.after(_seen_at(referral, moment), within)
    if overdue <= moment.now:
        # Somebody decided to keep waiting: as long again.
        overdue = calendar.after(moment.now, within)
    ahead = [at for at in chase_times(referral, moment, calendar) if at > moment.now]
    return min([*ahead, overdue])


def _seen_at(referral: Referral, moment: Moment) -> datetime:
    """Return when the patient was seen; a booking that still lies ahead says nothing of it."""
    visit = referral.appointment
    return min(visit.start, moment.now) if visit else referral.status_since
