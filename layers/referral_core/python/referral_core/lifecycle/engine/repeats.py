"""Whether a report that says what an earlier one said is that one again, or news.

A sender that gives its report a version or a key has said it. Without either, what has happened
since tells: a visit that was cancelled, restored and cancelled again was cancelled twice.
"""

from __future__ import annotations

from referral_core.domain.access.ownership import Authority, authority_of
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    AppointmentUpdate,
    AuthorizationDecided,
    NoticeAcknowledged,
    OfferAccepted,
    OfferDeclined,
    ReportReceived,
    ServiceAttested,
    Update,
    UpdateKind,
)
from referral_core.domain.writes import ReferralState
from referral_core.lifecycle.reactions.authorization import status_of
from referral_core.ports.lifecycle import Referrals


def is_repeat(state: ReferralState, update: Update) -> bool:
    """Whether an update that is on record says nothing new: it still holds, or waits to be used."""
    if state.referral.is_closed or any(_is_of(u.id, update.id) for u in state.mailbox.pending):
        return True
    return says_nothing_new(state, update)


def says_nothing_new(state: ReferralState, update: Update) -> bool:
    """Whether the referral stands as an update says, or the update can say it only once."""
    referral = state.referral
    match update:
        case AppointmentUpdate():
            waits = any(isinstance(u, AppointmentUpdate) for u in state.mailbox.pending)
            return not waits and _stands(referral, update)
        case ServiceAttested():
            return referral.attestation is not None
        case OfferAccepted():
            return referral.offer is not None and referral.offer.status == "accepted"
        case OfferDeclined():
            return referral.offer is None or update.offer not in {None, referral.offer.number}
        case AuthorizationDecided():
            known = referral.authorization
            is_other = known is None or update.trace != known.trace
            return is_other or known is None or known.status is status_of(update.verdict)
        case ReportReceived() if authority_of(update, referral) is Authority.PRESENT:
            return any(report.sha256 == update.sha256 for report in referral.current_reports)
        case NoticeAcknowledged():
            notices = (n for n in referral.notices if n.number == update.notice)
            return all(notice.acknowledged_at is not None for notice in notices)
        case _:
            return True


def is_last_of_its_kind(referrals: Referrals, referral: Referral, update: Update) -> bool:
    """Whether nothing of an update's kind came since it: what only informs leaves no other trace.

    The referral's events are read for it, and only for what seems to be said again.
    """
    events = referrals.events(referral.tenant, referral.id)
    alike = [e.update for e in events if e.update and e.update.startswith(f"{update.kind}-")]
    return bool(alike) and _is_of(alike[-1], update.id)


ONLY_ON_RECORD = frozenset({UpdateKind.PROGRESS_NOTED})
"""Kinds that change nothing of a referral by which they could be known again."""


def _stands(referral: Referral, update: AppointmentUpdate) -> bool:
    known = referral.appointment
    match update:
        case AppointmentBooked():
            return known is not None and known.is_booked and known.start == update.start
        case AppointmentCancelled() | AppointmentNoshow():
            return known is not None and not known.is_booked
        case AppointmentFulfilled():
            return known is not None and known.status == "fulfilled"
        case _:
            return True


def _is_of(update_id: str, first: str) -> bool:
    """Whether an id is an update's first one, or one of its later ones."""
    return update_id == first or update_id.startswith(f"{first}-")
