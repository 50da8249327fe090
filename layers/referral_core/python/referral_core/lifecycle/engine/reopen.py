"""Opens a closed referral again: the next run resumes at a step; its closure stays known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.errors import Conflict, NotLegal, StaleRun
from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.outreach.series import last_contact
from referral_core.domain.referral import Appointment, Referral, Reopening
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import lacks_consent
from referral_core.lifecycle.draft import Draft, draft, release
from referral_core.lifecycle.engine.commit import commit_of
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.offer import cancelled_appointment

REOPENS: Final[Mapping[Step, Status]] = MappingProxyType(
    {
        Step.CHECK_READINESS: Status.RECEIVED,
        Step.ROUTE_REFERRAL: Status.ROUTING,
        Step.CONTACT_PATIENT: Status.CONTACTING_PATIENT,
        Step.VERIFY_CLOSURE: Status.SEEN_AWAITING_REPORT,
    }
)
"""Where a closed referral may go on, and the status that it has there."""
LATE_CRITICAL: Final = "late-critical-result"
"""Why a closed referral is opened again by a document: somebody must read it now."""
_NEED_PERFORMER: Final = frozenset({Step.CONTACT_PATIENT, Step.VERIFY_CLOSURE})


def reopen(
    engine: Engine,
    tenant: Tenant,
    referral_id: ReferralId,
    *,
    resume: Step,
    actor: str,
    reason: str,
) -> Referral:
    """Open a closed referral again; asked again by whoever did it, it is done already.

    Args:
        engine: the mechanism.
        tenant: of the principal.
        referral_id: which one.
        resume: one of `REOPENS`.
        actor: who wants it.
        reason: a code; a text may hold PHI.

    Raises:
        NotFound: the tenant has no such referral.
        NotLegal: it is not closed, or cannot be resumed there.
    """
    for _ in engine.conflicts:
        state = engine.sources.referrals.load(tenant, referral_id)
        if _was_reopened(engine, state.referral, resume, actor, reason):
            return state.referral
        case = engine.case(state.referral)
        _require_reopenable(case, resume)
        drafted = _reopened(case, resume, actor, reason)
        try:
            engine.sources.referrals.commit(commit_of(drafted, state, state.mailbox.closed()))
        except (Conflict, StaleRun):
            continue
        return drafted.after
    raise AssertionError("the tries end with an error of their own")


def _was_reopened(
    engine: Engine, referral: Referral, resume: Step, actor: str, reason: str
) -> bool:
    """Whether an open referral is open since the same person asked for the same."""
    last = referral.reopenings[-1] if referral.reopenings else None
    if referral.is_closed or last is None or (last.actor, last.reason) != (actor, reason):
        return False
    events = engine.sources.referrals.events(referral.tenant, referral.id)
    statuses = [e.to_status for e in events if e.kind is EventKind.REOPENED]
    return statuses[-1:] == [REOPENS.get(resume)]


def _require_reopenable(case: Case, resume: Step) -> None:
    referral = case.referral
    if not referral.is_closed:
        raise NotLegal("The referral is open: there is nothing to reopen.")
    if resume not in REOPENS:
        raise NotLegal(f"Resume at one of {', '.join(REOPENS)}.")
    if resume is not Step.CHECK_READINESS and lacks_consent(case):
        raise NotLegal(
            f"The patient's consent to disclose is not on record: resume at {Step.CHECK_READINESS}."
        )
    if resume in _NEED_PERFORMER and referral.offer is None:
        raise NotLegal(f"No clinic has the referral: resume at {Step.ROUTE_REFERRAL}.")


def _reopened(case: Case, resume: Step, actor: str, reason: str) -> Draft:
    """Draft the next run; what one lifecycle counted the next one counts anew."""
    referral = case.referral
    # Whoever is chosen next, the clinic that had it is told, and its capacity is free.
    rerouted = resume not in _NEED_PERFORMER and referral.offer is not None
    visit = cancelled_appointment(referral)
    drafted = draft(
        case,
        EventKind.REOPENED,
        "Opened again; a new run resumes it.",
        status=REOPENS[resume],
        facts=ClosureFacts(
            reason=reason, closed_version=referral.version, outcome=referral.outcome
        ),
        metered={"states": 1},
        effects=release(referral.offer) if rerouted else (),
        run=referral.run + 1,
        restarts=0,
        current_step=resume,
        proposed_outcome=None,
        outcome=None,
        closed_at=None,
        loop_closed=False,
        work_item=None,
        attestation=None,
        report_reminders=0,
        reports_reviewed=len(referral.reports),
        appointment=visit and _known(referral, visit),
        offers=referral.with_offer_ended("taken-back", "reopened") if rerouted else referral.offers,
        offers_window_start=len(referral.offers),
        contacts_window_start=len(referral.contacts),
        outreach_from=None,
        escalated=False,
        patient_reply=None,
        information_requests=0,
        waitlist_tries=0,
        rebookings=0,
        reopenings=(*referral.reopenings, _closure(case, actor, reason)),
    )
    return drafted.acted_by(actor)


def _known(referral: Referral, visit: Appointment) -> Appointment:
    """Return the visit that was: the patient heard of it at the end, unless that reached nobody."""
    last = last_contact(referral)
    in_vain = last is not None and last.purpose == "ending" and last.state not in {"sent", "made"}
    return visit.but(called_off=False, told_before=None, told_off=visit.told_off or not in_vain)


def _closure(case: Case, actor: str, reason: str) -> Reopening:
    referral = case.referral
    return Reopening(
        at=case.now,
        actor=actor,
        reason=reason,
        closed_version=referral.version,
        outcome=referral.outcome,
        loop_closed=referral.loop_closed,
        notices=len(referral.notices),
        reports=len(referral.reports),
    )
