"""The payer's decision: from its own system, synchronous or not, or told to staff by phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from referral_core.domain.effects import Effect, IndexIdentifier
from referral_core.domain.events import AuthorizationFacts, EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.orders.search_terms import authorization_terms
from referral_core.domain.payers.authorization import (
    Authorization,
    AuthorizationStatus,
    AuthorizationVerdict,
)
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.domain.updates import AuthorizationDecided, Reported
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.authorized_period import ends_at, has_ended
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only

DONE: Final = frozenset({AuthorizationStatus.APPROVED, AuthorizationStatus.NOT_REQUIRED})
"""Nothing is to be asked any more."""

_DECIDED: Final = DONE | {AuthorizationStatus.REVOKED}
"""What a payer may take back, or give again."""

_STATUS: Final[Mapping[AuthorizationVerdict, AuthorizationStatus]] = {
    AuthorizationVerdict.APPROVED: AuthorizationStatus.APPROVED,
    AuthorizationVerdict.NOT_REQUIRED: AuthorizationStatus.NOT_REQUIRED,
    AuthorizationVerdict.DENIED: AuthorizationStatus.DENIED,
    AuthorizationVerdict.PENDED: AuthorizationStatus.PENDED,
    AuthorizationVerdict.NEEDS_REVIEW: AuthorizationStatus.PENDED,
}


def status_of(verdict: AuthorizationVerdict) -> AuthorizationStatus:
    """Return where authorization stands after a verdict."""
    return _STATUS[verdict]


def decided(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft what the payer's decision means; one for another request is recorded only."""
    known = case.referral.authorization
    if known is None or update.trace != known.trace:
        return record_only(case, update)
    response = AuthorizationResponse(
        verdict=update.verdict,
        review_action=update.review_action,
        trace=known.trace,
        number=update.number,
        valid_from=update.valid_from,
        valid_to=update.valid_to,
        reason=update.reason,
    )
    return concluded(case, known, response, by=update) or record_only(case, update)


def revised(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft what a payer says of a visit that it had decided on: the booking is looked at anew.

    A visit that is authorized no longer is one outside the authorized period.
    """
    known = case.referral.authorization
    if known is None or update.trace != known.trace or known.status not in _DECIDED:
        return record_only(case, update)
    status = status_of(update.verdict)
    if status is AuthorizationStatus.PENDED and update.verdict is AuthorizationVerdict.PENDED:
        return record_only(case, update)
    after = known.but(
        status=status if status in DONE else AuthorizationStatus.REVOKED,
        number=update.number or known.number,
        valid_from=update.valid_from,
        valid_to=update.valid_to,
        denial_reason=update.reason,
    )
    if after == known:
        return record_only(case, update)
    # Whoever let the referral go on, or the booking stand, knew what the payer had said until then.
    after, visit = after.but(let_stand=False), case.referral.appointment
    if visit is not None:
        seen = tuple(why for why in visit.seen_to if why is not Reason.VISIT_UNAUTHORIZED)
        visit = visit.but(seen_to=seen)
    terms = authorization_terms(after.number)
    return record_only(
        case,
        update,
        EventKind.AUTHORIZATION_DECIDED,
        facts=AuthorizationFacts(verdict=update.verdict),
        effects=tuple(IndexIdentifier(identifier=term) for term in terms),
        authorization=after,
        appointment=visit,
    )


def authorization_ended(case: Case, step: Step, *, by: Reported | None = None) -> Draft | None:
    """Draft that a person looks before a step that leads to a booking goes on; None: it does."""
    if not has_ended(case):
        return None
    here = case.of(case.referral.but(current_step=step))
    return open_work_item(here, Reason.AUTHORIZATION_ENDED, by=by)


def revised_unbooked(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft what a payer says before a visit is booked: a person looks where it takes it back.

    A wait that was to end with the period that it gave before is opened anew.
    """
    revision = revised(case, update)
    after = revision.after.authorization
    known = case.of(case.referral.but(authorization=after))
    if after == case.referral.authorization:
        return revision
    if not has_ended(known):
        was_bound = case.referral.due_at == ends_at(case) != ends_at(known)
        soon = revision.with_after(revision.after.but(due_at=case.soon))
        return soon.to(case.referral.current_step) if was_bound else revision
    return open_work_item(
        known,
        Reason.AUTHORIZATION_ENDED,
        by=update,
        facts=_facts_of_review(update),
        effects=revision.effects,
    )


def denied_late(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft what a payer says after the visit: what it takes back then, a person must see."""
    revision = revised(case, update)
    after = revision.after.authorization
    is_lost = after is not None and after.status is AuthorizationStatus.REVOKED
    if case.referral.is_ending or not is_lost or after == case.referral.authorization:
        return revision
    known = case.of(case.referral.but(authorization=after))
    reason, facts = Reason.AUTHORIZATION_DENIED_LATE, _facts_of_review(update)
    return open_work_item(known, reason, by=update, facts=facts, effects=revision.effects)


def is_lost_unseen(case: Case) -> bool:
    """Whether a visit took place whose authorization was taken back, and nobody has seen that."""
    known, visit = case.referral.authorization, case.referral.appointment
    if known is None or known.status is not AuthorizationStatus.REVOKED or known.let_stand:
        return False
    is_seen = visit is not None and Reason.VISIT_UNAUTHORIZED in visit.seen_to
    return not is_seen and not case.referral.is_ending


def _facts_of_review(update: AuthorizationDecided) -> WorkItemFacts:
    return WorkItemFacts(review_action=update.review_action, verdict=update.verdict.value)


def answered(case: Case, update: AuthorizationDecided) -> Authorization | None:
    """Return a request that the referral did not wait for any more, with its late answer."""
    known, pends = case.referral.authorization, update.verdict is AuthorizationVerdict.PENDED
    if known is None or update.trace != known.trace or known.status in _DECIDED or pends:
        return known
    return known.but(
        status=status_of(update.verdict),
        number=update.number,
        valid_from=update.valid_from,
        valid_to=update.valid_to,
        denial_reason=update.reason,
    )


def concluded(
    case: Case,
    asked: Authorization,
    response: AuthorizationResponse,
    *,
    by: Reported | None = None,
    metered: Mapping[str, int] | None = None,
    effects: tuple[Effect, ...] = (),
) -> Draft | None:
    """Draft a final answer; None while the payer pends."""
    known = asked.but(
        status=_STATUS[response.verdict],
        number=response.number,
        valid_from=response.valid_from,
        valid_to=response.valid_to,
        denial_reason=response.reason,
    )
    if response.verdict is AuthorizationVerdict.PENDED:
        return None
    if known.status in DONE:
        return authorized(case, known, asked, by=by, metered=metered, effects=effects)
    is_denied = response.verdict is AuthorizationVerdict.DENIED
    return open_work_item(
        case,
        Reason.AUTHORIZATION_DENIED if is_denied else Reason.AUTHORIZATION_UNCLEAR,
        by=by,
        status=Status.AUTHORIZATION_DENIED_REVIEW if is_denied else None,
        facts=WorkItemFacts(
            review_action=response.review_action,
            verdict=response.verdict.value,
            asked_at=asked.requested_at,
            expedited=asked.expedited,
            appealed=asked.status is AuthorizationStatus.APPEALED,
            clock_ends=asked.due_at,
        ),
        metered=metered,
        effects=effects,
        authorization=known,
    )


def authorized(
    case: Case,
    granted: Authorization,
    asked: Authorization | None = None,
    *,
    by: Reported | None = None,
    metered: Mapping[str, int] | None = None,
    effects: tuple[Effect, ...] = (),
) -> Draft:
    """Draft that the visit is authorized, or needs no authorization.

    Args:
        case: the referral and the moment.
        granted: what is known now.
        asked: what was known before the payer decided; None where it was not asked now.
        by: the payer's update.
        metered: units for the ledger.
        effects: what is written with it.
    """
    found_by = tuple(
        IndexIdentifier(identifier=term) for term in authorization_terms(granted.number)
    )
    return draft(
        case,
        EventKind.AUTHORIZED,
        "The visit is authorized, or needs no authorization.",
        then=Step.OFFER_REFERRAL,
        by=by,
        facts=_facts_of(granted, asked),
        metered=metered,
        effects=(*effects, *found_by),
        authorization=granted,
    )


def _facts_of(granted: Authorization, asked: Authorization | None) -> AuthorizationFacts:
    if asked is None:
        return AuthorizationFacts(status=granted.status)
    return AuthorizationFacts(
        status=granted.status,
        asked_at=asked.requested_at,
        expedited=asked.expedited,
        appealed=asked.status is AuthorizationStatus.APPEALED,
        clock_ends=asked.due_at,
    )
