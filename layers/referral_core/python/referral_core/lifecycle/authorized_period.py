"""The period that a payer authorized: a person sees its end on that day, whatever is waited for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.referral import Referral
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.outreach.visit_off import is_told_of

_LEADS_TO_BOOKING: Final = frozenset({Step.OFFER_REFERRAL, Step.CONTACT_PATIENT, Step.AWAIT_VISIT})


_SEEN: Final = frozenset({Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED})


def was_seen(referral: Referral) -> bool:
    """Whether the patient was seen: no authorization is needed for what took place."""
    return referral.status in _SEEN or referral.proposed_outcome is not None


def has_ended(case: Case) -> bool:
    """Whether a visit that is still to be booked has no authorization any more.

    The payer took it back, or its period has run out; nobody has let the referral go on with that.
    """
    known, visit = case.referral.authorization, case.referral.appointment
    if known is None or known.let_stand or (visit is not None and visit.is_booked):
        return False
    has_run_out = known.valid_to is not None and known.valid_to < case.today
    is_approved = known.status is AuthorizationStatus.APPROVED
    return known.status is AuthorizationStatus.REVOKED or (is_approved and has_run_out)


def ends_at(case: Case) -> datetime | None:
    """Return when a wait that leads to a booking is over since its authorization is.

    Returns:
        The beginning of the tenant's day after the period; None where no end is waited for: a visit
        is booked or took place, the patient is told of something first, or a person let it
        go on without.
    """
    referral, known = case.referral, case.referral.authorization
    leads_there = referral.current_step in _LEADS_TO_BOOKING and not was_seen(referral)
    if known is None or not leads_there or is_told_of(referral) or known.let_stand:
        return None
    is_booked = referral.appointment is not None and referral.appointment.is_booked
    if is_booked or known.status is not AuthorizationStatus.APPROVED:
        return None
    return known.ends_at(case.profile.time_zone)
