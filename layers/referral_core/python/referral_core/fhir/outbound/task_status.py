"""How the canonical status shows in FHIR: the Tasks' status, and the business status beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from referral_core.domain.lifecycle import COMPLETED, Outcome, Status
from referral_core.domain.referral import Offer, Referral
from referral_core.fhir.systems import BSER_BUSINESS_STATUS, BSER_VERSION, OUTCOME, STATUS

_BSER: Final[Mapping[str, str]] = {
    "2.0": "Service Request Created",
    "3.0": "Service Request Accepted",
    "4.0": "Service Request Declined",
    "5.1.1": "Service Request Event Scheduled",
    "5.1.2": "Scheduled Service Request Event Unattended",
    "5.1.3": "Scheduled Service Request Event Cancelled",
    "5.1.4": "Service Request Event Completed",
    "5.2": "Service Request Cancellation Requested",
    "6.0": "Service Request Fulfillment Cancelled",
    "7.0": "Service Request Fulfillment Completed",
}


class TaskView(NamedTuple):
    """How a status shows on a Task. `bser` is None where BSeR has no code for it."""

    task: str
    bser: str | None = None


_COORDINATION: Final[Mapping[Status, TaskView]] = {
    Status.RECEIVED: TaskView("received", "2.0"),
    Status.NEEDS_INFORMATION: TaskView("received"),
    Status.CHECKING_ELIGIBILITY: TaskView("in-progress"),
    Status.ROUTING: TaskView("in-progress"),
    Status.WAITLISTED: TaskView("in-progress"),
    Status.AWAITING_AUTHORIZATION: TaskView("in-progress"),
    Status.AUTHORIZATION_DENIED_REVIEW: TaskView("on-hold"),
    Status.OFFERED: TaskView("in-progress", "2.0"),
    Status.ACCEPTED: TaskView("in-progress", "3.0"),
    Status.RECIPIENT_DECLINED: TaskView("in-progress", "4.0"),
    Status.CONTACTING_PATIENT: TaskView("in-progress"),
    Status.SCHEDULED: TaskView("in-progress", "5.1.1"),
    Status.NOSHOW: TaskView("in-progress", "5.1.2"),
    Status.APPOINTMENT_CANCELLED: TaskView("in-progress", "5.1.3"),
    Status.SEEN_AWAITING_REPORT: TaskView("in-progress", "5.1.4"),
    Status.REPORT_RECEIVED: TaskView("in-progress", "7.0"),
    Status.CANCEL_REQUESTED: TaskView("in-progress", "5.2"),
}
_CANCELLED: Final = TaskView("cancelled", "6.0")
_FAILED: Final = TaskView("failed", "6.0")
_DECLINED: Final = TaskView("failed", "4.0")
_ENDED: Final[Mapping[Outcome, TaskView]] = {
    Outcome.COMPLETED_REPORT_ACKNOWLEDGED: TaskView("completed", "7.0"),
    Outcome.COMPLETED_ATTESTED: TaskView("completed", "7.0"),
    Outcome.PATIENT_DECLINED: _CANCELLED,
    Outcome.UNABLE_TO_REACH: _FAILED,
    Outcome.CANCELLED_BY_REFERRER: _CANCELLED,
    Outcome.NO_PROVIDER_AVAILABLE: _DECLINED,
    Outcome.NOT_ELIGIBLE: _DECLINED,
    Outcome.AUTHORIZATION_DENIED_FINAL: _DECLINED,
    Outcome.CARE_RECEIVED_ELSEWHERE: _CANCELLED,
    Outcome.DECEASED_OR_MOVED: _CANCELLED,
    Outcome.SUPERSEDED: _CANCELLED,
    Outcome.ENTERED_IN_ERROR: _CANCELLED,
    Outcome.EXPIRED_UNRESOLVED: _FAILED,
}
_WORKING: Final[Mapping[Status, TaskView]] = {
    Status.OFFERED: TaskView("requested", "2.0"),
    Status.ACCEPTED: TaskView("accepted", "3.0"),
    Status.CONTACTING_PATIENT: TaskView("accepted"),
    Status.REPORT_RECEIVED: TaskView("completed", "7.0"),
}
"""Task B where it differs from Task A."""


def coordination_view(referral: Referral) -> TaskView:
    """Return how Task A shows the referral."""
    if referral.outcome is not None and referral.is_closed:
        return _ENDED[referral.outcome]
    if referral.status is Status.NEEDS_INFORMATION and _is_accepted(referral.offer):
        return TaskView("on-hold")
    return _COORDINATION.get(referral.status, TaskView("in-progress"))


def offer_view(referral: Referral, offer: Offer) -> TaskView:
    """Return how Task B shows one offer."""
    match offer.status:
        case "declined":
            return TaskView("rejected", "4.0")
        case "silent" | "withdrawn" | "taken-back":
            return _CANCELLED
        case _ if referral.is_closed:
            return TaskView("completed", "7.0") if referral.outcome in COMPLETED else _CANCELLED
        case "open":
            return TaskView("requested", "2.0")
        case _:
            return _WORKING.get(referral.status) or coordination_view(referral)


def business_status(referral: Referral, view: TaskView) -> dict[str, Any]:
    """Make the business status: BSeR's code where there is one, our own status always."""
    own = referral.status
    code = "awaiting-information" if own is Status.NEEDS_INFORMATION else own.value
    codings = [{"system": STATUS, "code": code, "display": spoken(code)}]
    if view.bser is not None:
        bser = {
            "system": BSER_BUSINESS_STATUS,
            "version": BSER_VERSION,
            "code": view.bser,
            "display": _BSER[view.bser],
        }
        codings.insert(0, bser)
    return {"coding": codings}


def outcome_concept(outcome: Outcome) -> dict[str, Any]:
    """Make the concept of a terminal outcome."""
    coding = {"system": OUTCOME, "code": outcome.value, "display": spoken(outcome.value)}
    return {"coding": [coding]}


def spoken(code: str) -> str:
    """Return a kebab-case code as words."""
    return code.replace("-", " ").capitalize()


def _is_accepted(offer: Offer | None) -> bool:
    return offer is not None and offer.status == "accepted"
