"""The series of attempts to reach the patient: which is next, when, and when others take over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from referral_core.domain.outreach.plan import CAPPED, Purpose
from referral_core.domain.outreach.series import series
from referral_core.domain.pathway import OutreachAttempt
from referral_core.domain.referral import Contact, Referral
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.outreach.alternates import alternate_at, attempts_of
from referral_core.lifecycle.outreach.messages import free_at, reachable


class Turn(NamedTuple):
    """The next attempt of the series and when it may be made; None when all were."""

    attempt: OutreachAttempt | None
    position: int
    at: datetime
    skipped: tuple[Contact, ...] = ()


class _Ahead(NamedTuple):
    position: int
    attempt: OutreachAttempt
    at: datetime | None


def next_turn(case: Case) -> Turn:
    """Find the next attempt that can be made at all, and when.

    A message that the caps hold back until after a later attempt's turn is left out.
    """
    start = case.referral.outreach_from or case.now
    ahead = _ahead(case, start)
    skipped: list[Contact] = []
    for index, (position, attempt, at) in enumerate(ahead):
        if at is not None and _has_its_turn(attempt, at, ahead[index:]):
            return Turn(attempt, position, at, tuple(skipped))
        skipped.append(
            Contact(
                number=len(case.referral.contacts) + len(skipped) + 1,
                channel=attempt.channel,
                at=case.now,
                state="skipped",
                position=position,
            )
        )
    return Turn(None, len(attempts_of(case)), ends_at(case), tuple(skipped))


def upcoming(case: Case) -> tuple[tuple[OutreachAttempt, datetime], ...]:
    """Return the attempts that are still to be made, in their order, and when at the earliest."""
    ahead = _ahead(case, case.referral.outreach_from or case.now)
    return tuple(
        (attempt, at)
        for index, (_, attempt, at) in enumerate(ahead)
        if at is not None and _has_its_turn(attempt, at, ahead[index:])
    )


def _has_its_turn(attempt: OutreachAttempt, at: datetime, ahead: Sequence[_Ahead]) -> bool:
    """Whether an attempt is made: caps that hold it back past a later one's turn leave it out."""
    later = [other.at for other in ahead if other.at is not None]
    return attempt.channel not in CAPPED or at == min(later)


def ends_at(case: Case) -> datetime:
    """Return when the series ends, if nobody reached the patient until then."""
    start = case.referral.outreach_from or case.now
    return case.calendar.after(start, case.rules.outreach.give_up_at)


def _ahead(case: Case, start: datetime) -> list[_Ahead]:
    """List the attempts not made yet, each with when it may be made; None: not at all."""
    found: list[_Ahead] = []
    following = _position(case.referral)
    for position, attempt in enumerate(attempts_of(case)[following:], following):
        at = None
        if alternate_at(case, position) or reachable(case, attempt.channel):
            planned = max(case.calendar.after(start, attempt.at), case.now)
            at = free_at(case, attempt.channel, planned, attempt.day_part)
        found.append(_Ahead(position, attempt, at))
    return found


def _position(referral: Referral) -> int:
    used = [c.position for c in series(referral) if c.position is not None]
    return max(used, default=-1) + 1


def starts_at(case: Case) -> datetime:
    """Return when the series starts: its attempts keep their distance over a weekend."""
    if case.referral.outreach_from is not None:
        return case.referral.outreach_from
    first = next_turn(case)
    if first.attempt is None:
        return case.now
    planned = case.calendar.after(case.now, first.attempt.at)
    return case.now + max(first.at - planned, timedelta(0))


def is_escalated(case: Case) -> bool:
    """Whether clinicians are to take over: once in a series, by attempts or by time."""
    outreach, referral = case.rules.outreach, case.referral
    if outreach.escalate_after is None or referral.escalated:
        return False
    if sum(c.counts for c in series(referral)) >= outreach.escalate_after:
        return True
    by_time = escalates_at(case)
    return by_time is not None and by_time <= case.now


def escalates_at(case: Case) -> datetime | None:
    """Return when clinicians take over in any case; None when they do not, or did."""
    outreach, start = case.rules.outreach, case.referral.outreach_from
    if outreach.escalate_at is None or start is None or case.referral.escalated:
        return None
    return case.calendar.after(start, outreach.escalate_at)


def goes_on_at(case: Case, following: datetime) -> datetime:
    """Return when the series goes on: with the attempt that follows, or with clinicians."""
    by_time = escalates_at(case)
    return following if by_time is None else min(following, max(by_time, case.now))


def contact_by(case: Case) -> datetime:
    """Return when the first attempt of the series must have been made."""
    start = case.referral.outreach_from or case.now
    return case.calendar.after(start, case.rules.outreach.contacted_within)


def call_by(case: Case) -> datetime:
    """Return when a call must have been made: sooner still while nothing was."""
    until = case.due_after(case.rules.outreach.call_within)
    if any(c.counts for c in series(case.referral)):
        return until
    limit = contact_by(case)
    return min(until, limit) if limit > case.now else until


def purpose_of(case: Case) -> Purpose:
    """Return why the patient is written to: first of all not to come to a cancelled visit."""
    visit = case.referral.appointment
    is_told = any(c.state == "sent" for c in series(case.referral))
    if visit is None or visit.told_off or visit.start <= case.now or is_told:
        return Purpose.INVITATION
    return Purpose.CANCELLATION if visit.status == "cancelled" else Purpose.INVITATION
