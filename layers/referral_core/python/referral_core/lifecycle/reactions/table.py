"""The one table of reactions: what an update leads to, wherever it arrives.

A step takes from it what its wait accepts, and adds only what it does differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.access.ownership import ended_with_it
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    OfferAccepted,
    OfferDeclined,
    Reported,
    ReportReceived,
    ServiceAttested,
    UpdateKind,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, open_work_item, record_only
from referral_core.lifecycle.reactions import (
    appointment,
    authorization,
    decision,
    elsewhere,
    notice,
    offer,
    patient,
    report,
)
from referral_core.lifecycle.step import Reaction

REACTIONS: Final[Mapping[UpdateKind, Reaction]] = MappingProxyType(
    {
        UpdateKind.AUTHORIZATION_DECIDED: authorization.decided,
        UpdateKind.OFFER_ACCEPTED: offer.accepted,
        UpdateKind.OFFER_DECLINED: offer.declined,
        UpdateKind.PATIENT_REPLIED: patient.replied,
        UpdateKind.CONTACT_RECORDED: patient.called,
        UpdateKind.APPOINTMENT_BOOKED: appointment.booked,
        UpdateKind.APPOINTMENT_CANCELLED: appointment.missed,
        UpdateKind.APPOINTMENT_NOSHOW: appointment.missed,
        UpdateKind.APPOINTMENT_FULFILLED: appointment.fulfilled,
        UpdateKind.SERVICE_ATTESTED: appointment.fulfilled,
        UpdateKind.REPORT_RECEIVED: report.received,
        UpdateKind.NOTICE_DELIVERED: notice.delivered,
        UpdateKind.NOTICE_ACKNOWLEDGED: notice.acknowledged,
        UpdateKind.DECISION: decision.decided,
    }
)


def reactions_to(*kinds: UpdateKind) -> dict[UpdateKind, Reaction]:
    """Return the usual reactions to some kinds of update."""
    return {kind: REACTIONS[kind] for kind in kinds}


def without_authority(case: Case, update: Reported) -> Draft:
    """Draft what somebody reports who no longer speaks for the referral, or never did.

    It changes nothing; a document is read by a person, for it may say what happened.
    """
    if isinstance(update, ReportReceived):
        return elsewhere.opened_by(case, update)
    kinds = AppointmentBooked | AppointmentFulfilled | ServiceAttested
    sees = bool(case.referral.offers) and isinstance(update, kinds)
    if sees and case.referral.is_ending and ended_with_it(update.organization, case.referral):
        # It was the clinic's to say when it was accepted: the end took the offer back meanwhile.
        return open_work_item(case, Reason.ENDING_CONTRADICTED, by=update)
    return record_only(case, update)


def is_about_another(case: Case, update: Reported) -> bool:
    """Whether a clinic speaks of an offer or an appointment that is not the one in hand."""
    referral = case.referral
    if isinstance(update, OfferAccepted | OfferDeclined) and update.offer is not None:
        return referral.offer is None or referral.offer.number != update.offer
    known = referral.appointment
    if isinstance(update, AppointmentCancelled | AppointmentNoshow) and known is not None:
        if update.start == known.start:
            return False
        if update.appointment is not None:
            return update.appointment != known.number
        # Nobody has missed what lies ahead: it is said of a visit that was moved since.
        lies_ahead = known.is_booked and known.start > case.now
        return isinstance(update, AppointmentNoshow) and update.start is not None and lies_ahead
    return False
