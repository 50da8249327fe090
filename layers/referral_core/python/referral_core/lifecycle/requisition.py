"""One series of contacts for the orders of one requisition: one referral asks, the others follow.

The one whose series began first asks. Two that begin at the same instant meet in the claim of the
patient's day: the second sends nothing that day, and follows when it looks again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.outreach.series import series
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.step import Recorder

_LOOKED_AT: Final = timedelta(days=1)
"""How long a follower waits at most until it looks how far the other is."""
_BREATH: Final = timedelta(minutes=5)


def asking(case: Case) -> Referral | None:
    """Return the referral that asks the patient for this one too; None when this one asks."""
    referral, referrals = case.referral, case.sources.referrals
    if referral.requisition is None or referral.rebookings:
        # A visit that was cancelled or missed is nobody else's matter, and what the patient said
        # of the others was said before.
        return None
    if referral.asked_with is not None and referral.outreach_from is not None:
        return referrals.load(referral.tenant, referral.asked_with).referral
    if series(referral):
        return None
    others = [
        referrals.load(referral.tenant, one).referral
        for one in referrals.identified(referral.tenant, referral.requisition)
        if one != referral.id
    ]
    began = {r.id: (at, r) for r in others if (at := _began(r)) is not None}
    return min(began.values(), key=lambda found: (found[0], found[1].id))[1] if began else None


def follow(case: Case, other: Referral) -> Draft:
    """Draft that another order of the requisition asks the patient for this one too."""
    return start_draft(
        case,
        Step.CONTACT_PATIENT,
        "The patient is asked about all orders of the requisition.",
        status=Status.CONTACTING_PATIENT,
        asked_with=other.id,
        outreach_from=other.outreach_from or case.now,
        time_zones=case.referral.time_zones,
        work_item=None,
    )


def follows(case: Case, other: Referral) -> Recorder:
    """Return how a referral goes on whose patient is asked by another one."""
    if other.patient_reply is Reply.YES:
        return _agreed
    if other.proposed_outcome or other.status is not Status.CONTACTING_PATIENT:
        # Not reached, or another end: whether this one is still wanted, a person finds out.
        return lambda current: open_work_item(current, Reason.PATIENT_NOT_REACHED)
    until = max(min(other.due_at, case.now + _LOOKED_AT), case.now) + _BREATH
    return lambda current: _waits(current, until)


def _began(referral: Referral) -> datetime | None:
    """Return when a referral's own series began; None when it has none."""
    own = referral.asked_with is None and not referral.is_closed and bool(series(referral))
    return referral.outreach_from if own else None


def _agreed(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_AGREED,
        "The patient agreed to the orders of the requisition; the clinic is to book.",
        then=Step.AWAIT_VISIT,
        facts=ContactFacts(reply=Reply.YES),
        patient_reply=Reply.YES,
    )


def _waits(case: Case, until: datetime) -> Draft:
    return draft(
        case,
        EventKind.NEXT_ATTEMPT_PLANNED,
        "The patient is asked once about all orders of the requisition; an answer is awaited.",
        due_at=until,
    )
