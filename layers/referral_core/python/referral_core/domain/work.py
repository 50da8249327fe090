"""Work items: each reason has one team, one sentence, and the actions that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from referral_core.domain.lifecycle import Outcome, Queue, Step


class Reason(StrEnum):
    """Why a person must look."""

    FAULT = "fault"
    MISSING_INFORMATION = "missing-information"
    PAYER_UNKNOWN = "payer-unknown"
    NOT_ELIGIBLE = "not-eligible"
    ELIGIBILITY_UNCLEAR = "eligibility-unclear"
    NO_CANDIDATE = "no-candidate"
    AUTHORIZATION_DENIED = "authorization-denied"
    AUTHORIZATION_UNCLEAR = "authorization-unclear"
    AUTHORIZATION_OVERDUE = "authorization-overdue"
    PATIENT_OPTED_OUT = "patient-opted-out"
    PATIENT_WROTE = "patient-wrote"
    PATIENT_NOT_REACHED = "patient-not-reached"
    MESSAGE_AMBIGUOUS = "message-ambiguous"
    MESSAGE_REFUSED = "message-refused"
    NOT_BOOKED = "not-booked"
    VISIT_UNCONFIRMED = "visit-unconfirmed"
    REBOOKINGS_EXHAUSTED = "rebookings-exhausted"
    REPORT_OVERDUE = "report-overdue"
    NOTICE_UNDELIVERED = "notice-undelivered"
    NOT_ACKNOWLEDGED = "not-acknowledged"


class Desk(NamedTuple):
    """What a reason means for the person who opens the work item.

    Attributes:
        why: one sentence: why it waits and what would move it.
        actions: action → the step at which the referral goes on.
        closes: terminal outcomes that a person may close it with.
    """

    queue: Queue
    why: str
    actions: Mapping[str, Step]
    closes: tuple[Outcome, ...]


_GIVE_UP: Final = (Outcome.CANCELLED_BY_REFERRER, Outcome.EXPIRED_UNRESOLVED)
_RETRY: Final = "retry"


def _desk(queue: Queue, why: str, actions: Mapping[str, Step], *closes: Outcome) -> Desk:
    return Desk(queue, why, MappingProxyType(dict(actions)), (*closes, *_GIVE_UP))


DESKS: Final[Mapping[Reason, Desk]] = MappingProxyType(
    {
        Reason.FAULT: _desk(
            Queue.REFERRAL_COORDINATORS,
            "A step failed repeatedly; retry it once the cause is removed.",
            {},
        ),
        Reason.MISSING_INFORMATION: _desk(
            Queue.FRONT_OFFICE,
            "The referring practice did not supply the missing information; get it and retry.",
            {_RETRY: Step.CHECK_READINESS},
        ),
        Reason.PAYER_UNKNOWN: _desk(
            Queue.FRONT_OFFICE,
            "No configured payer matches the coverage; correct it or configure the payer.",
            {_RETRY: Step.CHECK_READINESS, "self-pay": Step.ROUTE_REFERRAL},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_ELIGIBLE: _desk(
            Queue.FRONT_OFFICE,
            "The payer says the coverage is not active; correct it, agree on self-pay, or close.",
            {_RETRY: Step.CHECK_READINESS, "self-pay": Step.ROUTE_REFERRAL},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.ELIGIBILITY_UNCLEAR: _desk(
            Queue.FRONT_OFFICE,
            "The payer could not say whether the patient is covered; verify and retry.",
            {
                _RETRY: Step.CHECK_ELIGIBILITY,
                "confirm-eligible": Step.ROUTE_REFERRAL,
                "self-pay": Step.ROUTE_REFERRAL,
            },
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NO_CANDIDATE: _desk(
            Queue.REFERRAL_COORDINATORS,
            "No specialist in network has room within the pathway's limits; find one and retry.",
            {_RETRY: Step.ROUTE_REFERRAL},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.AUTHORIZATION_DENIED: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer denied the authorization; appeal, ask again, or close.",
            {"resubmit": Step.REQUEST_AUTHORIZATION, "override": Step.OFFER_REFERRAL},
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_UNCLEAR: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's answer needs a person: read it, then go on, ask again, or close.",
            {"resubmit": Step.REQUEST_AUTHORIZATION, "override": Step.OFFER_REFERRAL},
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_OVERDUE: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's own clock has run out without a decision; call the payer.",
            {"resubmit": Step.REQUEST_AUTHORIZATION, "override": Step.OFFER_REFERRAL},
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.PATIENT_OPTED_OUT: _desk(
            Queue.CONTACT_CENTER,
            "The patient wants no more messages; call once, or close.",
            {"patient-agreed": Step.AWAIT_VISIT},
            Outcome.PATIENT_DECLINED,
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.PATIENT_WROTE: _desk(
            Queue.CONTACT_CENTER,
            "The patient replied something a person must read; call the patient.",
            {"patient-agreed": Step.AWAIT_VISIT, "contact-again": Step.CONTACT_PATIENT},
            Outcome.PATIENT_DECLINED,
            Outcome.CARE_RECEIVED_ELSEWHERE,
            Outcome.DECEASED_OR_MOVED,
        ),
        Reason.PATIENT_NOT_REACHED: _desk(
            Queue.CONTACT_CENTER,
            "No attempt reached the patient; call, or close with the attempts as evidence.",
            {"patient-agreed": Step.AWAIT_VISIT, "contact-again": Step.CONTACT_PATIENT},
            Outcome.UNABLE_TO_REACH,
            Outcome.PATIENT_DECLINED,
            Outcome.CARE_RECEIVED_ELSEWHERE,
            Outcome.DECEASED_OR_MOVED,
        ),
        Reason.MESSAGE_AMBIGUOUS: _desk(
            Queue.CONTACT_CENTER,
            "A message may or may not have been sent; check, then contact again or call.",
            {"patient-agreed": Step.AWAIT_VISIT, "contact-again": Step.CONTACT_PATIENT},
            Outcome.PATIENT_DECLINED,
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.MESSAGE_REFUSED: _desk(
            Queue.CONTACT_CENTER,
            "The carrier refuses messages to this number; correct the number or call.",
            {"patient-agreed": Step.AWAIT_VISIT, "contact-again": Step.CONTACT_PATIENT},
            Outcome.PATIENT_DECLINED,
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.NOT_BOOKED: _desk(
            Queue.CONTACT_CENTER,
            "No appointment was booked in time; call the clinic, contact again, or route again.",
            {
                "keep-waiting": Step.AWAIT_VISIT,
                "contact-again": Step.CONTACT_PATIENT,
                "route-again": Step.ROUTE_REFERRAL,
            },
            Outcome.PATIENT_DECLINED,
            Outcome.CARE_RECEIVED_ELSEWHERE,
        ),
        Reason.VISIT_UNCONFIRMED: _desk(
            Queue.CONTACT_CENTER,
            "The visit's day has passed without word from the clinic; ask whether it happened.",
            {
                "keep-waiting": Step.AWAIT_VISIT,
                "visit-attended": Step.VERIFY_CLOSURE,
                "contact-again": Step.CONTACT_PATIENT,
            },
            Outcome.PATIENT_DECLINED,
            Outcome.CARE_RECEIVED_ELSEWHERE,
        ),
        Reason.REBOOKINGS_EXHAUSTED: _desk(
            Queue.CONTACT_CENTER,
            "The visit was missed or cancelled too often; call the patient and decide.",
            {"contact-again": Step.CONTACT_PATIENT, "route-again": Step.ROUTE_REFERRAL},
            Outcome.PATIENT_DECLINED,
            Outcome.UNABLE_TO_REACH,
            Outcome.CARE_RECEIVED_ELSEWHERE,
        ),
        Reason.REPORT_OVERDUE: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The consult report is overdue; get it from the clinic, or attest the service.",
            {"keep-waiting": Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
        Reason.NOTICE_UNDELIVERED: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The EHR did not take the notice; tell the referring provider another way, or retry.",
            {_RETRY: Step.VERIFY_CLOSURE},
        ),
        Reason.NOT_ACKNOWLEDGED: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The referring provider has not acknowledged the report; call, or send it again.",
            {_RETRY: Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
    }
)


def closing_action(outcome: Outcome) -> str:
    """Return the name of the action that closes a work item with an outcome."""
    return f"close:{outcome}"


def actions_of(reason: Reason, resume_at: Step) -> tuple[str, ...]:
    """List the actions allowed on a work item of this reason."""
    desk = DESKS[reason]
    resumed = (_RETRY,) if reason is Reason.FAULT and resume_at else ()
    return (*resumed, *desk.actions, *(closing_action(o) for o in desk.closes))


def target_of(reason: Reason, action: str, resume_at: Step) -> Step | None:
    """Return the step at which an action lets the referral go on; None when not allowed."""
    if action not in actions_of(reason, resume_at):
        return None
    if action.startswith("close:"):
        return Step.VERIFY_CLOSURE
    return DESKS[reason].actions.get(action, resume_at)
