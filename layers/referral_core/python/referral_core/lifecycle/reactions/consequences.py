"""What a decision changes of the referral, besides the step that it goes on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from referral_core.domain.change import Regions
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.payers.eligibility import SelfPay
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.updates import DecisionMade
from referral_core.domain.work_items import (
    ABOUT_BOOKING,
    ACCEPT_LATER,
    APPEAL,
    APPOINTMENT_FULFILLED,
    CONTACT_AGAIN,
    KEEP_WAITING,
    NOT_REACHED,
    PATIENT_TOLD,
    REBOOK,
    RESUBMIT,
    RETRY,
    SELF_PAY,
    SIGN_OFF,
    Reason,
    outcome_of,
)
from referral_core.lifecycle.outreach.telling import told_by_a_person
from referral_core.lifecycle.reactions.notice import sent_again
from referral_core.lifecycle.reactions.offer import cancelled_appointment

ABOUT_NOTICE: Final = frozenset({Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED})
"""Reasons that the notice itself settles."""


_ABOUT_AUTHORIZATION: Final = frozenset(
    {Reason.AUTHORIZATION_ENDED, Reason.AUTHORIZATION_DENIED_LATE}
)


class Consequences(Regions, total=False):
    """What a decision changes of the referral. Attributes: status: the new one."""

    status: Status


def has_booking(referral: Referral) -> bool:
    """Tell whether a visit is booked."""
    return referral.appointment is not None and referral.appointment.is_booked


def consequences(referral: Referral, update: DecisionMade, item: WorkItem) -> Consequences:
    """Return what a decision changes of the referral."""
    outcome = outcome_of(update.action)
    if outcome is not None:
        return {"proposed_outcome": outcome}
    if item.reason in ABOUT_NOTICE:
        return {"notices": sent_again(referral, update)}
    follow = _CONSEQUENCES.get(update.action)
    return follow(referral, update, item) if follow else {}


def _pays_alone(_referral: Referral, update: DecisionMade, _item: WorkItem) -> Consequences:
    agreed = SelfPay(fee_class=update.fee_class)
    return {"self_pay": agreed, "eligibility": None, "authorization": None}


def _later(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"service": referral.service.but(later_accepted=True)}


def _new_series(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    """Ask the patient anew: what was booked is to be booked again."""
    again: Consequences = {
        "appointment": cancelled_appointment(referral),
        "status": Status.APPOINTMENT_CANCELLED,
    }
    return {
        **(again if has_booking(referral) else {}),
        "patient_reply": None,
        "contacts_window_start": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
    }


def _more_clinics(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    if item.reason is not Reason.NO_CANDIDATE:
        return {}
    return {"offers_window_start": len(referral.offers)}


def _resubmitted(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    """Ask as if for the first time: an appeal that is waited for no longer is a denial again."""
    known = referral.authorization
    if known is None:
        return {}
    is_appealed = known.status is AuthorizationStatus.APPEALED
    status = AuthorizationStatus.DENIED if is_appealed else known.status
    return {"authorization": known.but(status=status, due_at=None)}


def _signed_off(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    if item.reason is Reason.CRITICAL_RESULT:
        return {"reports_reviewed": len(referral.reports)}
    return {"proposed_outcome": Outcome.UNABLE_TO_REACH}


def _appealed(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    known = referral.authorization
    if known is None:
        return {}
    return {"authorization": known.but(status=AuthorizationStatus.APPEALED, due_at=None)}


def _let_stand(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    """Let a booking stand as it is, or go on: the same reason opens no further item."""
    appointment, granted = referral.appointment, referral.authorization
    if item.reason in _ABOUT_AUTHORIZATION and granted is not None:
        return {"authorization": granted.but(let_stand=True)}
    if appointment is None or item.reason not in ABOUT_BOOKING:
        return {}
    return {"appointment": appointment.but(seen_to=(*appointment.seen_to, item.reason))}


def _told(referral: Referral, update: DecisionMade, _item: WorkItem) -> Consequences:
    """Go on: whoever was not reached is told by the next message, and called again at an end."""
    reached, visit = update.action == PATIENT_TOLD, referral.appointment
    if visit is not None and not referral.is_ending:
        visit = visit.but(told_off=reached, called_off=reached)
    return {
        "contacts": told_by_a_person(referral, update.received_at, reached=reached),
        "appointment": visit,
    }


def _booked_anew(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"offers": referral.with_booking_asked(None)}


def _seen(_referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"status": Status.SEEN_AWAITING_REPORT}


_CONSEQUENCES: Final[Mapping[str, Callable[[Referral, DecisionMade, WorkItem], Consequences]]] = {
    ACCEPT_LATER: _later,
    SELF_PAY: _pays_alone,
    APPOINTMENT_FULFILLED: _seen,
    KEEP_WAITING: _let_stand,
    CONTACT_AGAIN: _new_series,
    REBOOK: _booked_anew,
    RETRY: _more_clinics,
    RESUBMIT: _resubmitted,
    SIGN_OFF: _signed_off,
    APPEAL: _appealed,
    PATIENT_TOLD: _told,
    NOT_REACHED: _told,
}
"""What an action changes besides the step to go on with."""
