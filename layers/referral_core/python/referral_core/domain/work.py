"""Work items: each reason has one team, one sentence, and the actions that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.updates import UpdateKind


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
    FEE_CLASS_MISSING = "fee-class-missing"
    CALL_DUE = "call-due"
    ESCALATED = "escalated"
    ANOTHER_TIME_WANTED = "another-time-wanted"
    PATIENT_CANCELS = "patient-cancels"
    CLOSING_SIGN_OFF = "closing-sign-off"
    PATIENT_OPTED_OUT = "patient-opted-out"
    PATIENT_WROTE = "patient-wrote"
    PATIENT_NOT_REACHED = "patient-not-reached"
    MESSAGE_AMBIGUOUS = "message-ambiguous"
    MESSAGE_REFUSED = "message-refused"
    NOT_BOOKED = "not-booked"
    VISIT_UNCONFIRMED = "visit-unconfirmed"
    REBOOKINGS_EXHAUSTED = "rebookings-exhausted"
    REPORT_OVERDUE = "report-overdue"
    CRITICAL_RESULT = "critical-result"
    NOTICE_UNDELIVERED = "notice-undelivered"
    NOT_ACKNOWLEDGED = "not-acknowledged"


class Desk(NamedTuple):
    """What a reason means for the person who opens the work item.

    Attributes:
        why: one sentence: why it waits and what would move it.
        actions: action → the step at which the referral goes on.
        closes: terminal outcomes that a person may close it with.
        takes: what may come from outside meanwhile and settle it, besides what every item takes.
    """

    queue: Queue
    why: str
    actions: Mapping[str, Step]
    closes: tuple[Outcome, ...]
    takes: frozenset[UpdateKind]


RETRY: Final = "retry"
RECORD_CALL: Final = "record-call"
ENTER_AUTHORIZATION: Final = "enter-authorization"
SELF_PAY: Final = "self-pay"
RECORD_CONSENT: Final = "record-consent"
CONTACT_AGAIN: Final = "contact-again"
ROUTE_AGAIN: Final = "route-again"
KEEP_WAITING: Final = "keep-waiting"
SIGN_OFF: Final = "sign-off"
APPEAL: Final = "appeal"
RESUBMIT: Final = "resubmit"
TOLD_ANOTHER_WAY: Final = "told-another-way"
_ROUTE: Final = Step.ROUTE_REFERRAL
_GIVE_UP: Final = (Outcome.CANCELLED_BY_REFERRER, Outcome.EXPIRED_UNRESOLVED)
_ABOUT_PATIENT: Final = frozenset(
    {
        UpdateKind.PATIENT_REPLIED,
        UpdateKind.CONTACT_RECORDED,
        UpdateKind.APPOINTMENT_BOOKED,
        UpdateKind.OFFER_DECLINED,
    }
)
_PATIENT_ENDS: Final = (
    Outcome.PATIENT_DECLINED,
    Outcome.CARE_RECEIVED_ELSEWHERE,
    Outcome.DECEASED_OR_MOVED,
)


def _desk(queue: Queue, why: str, actions: Mapping[str, Step], *closes: Outcome) -> Desk:
    return Desk(
        queue, why, MappingProxyType(dict(actions)), (*closes, *_GIVE_UP), takes=frozenset()
    )


def _patient_desk(queue: Queue, why: str, actions: Mapping[str, Step], *closes: Outcome) -> Desk:
    """Return a desk whose people speak with the patient."""
    usual = {
        RECORD_CALL: Step.CONTACT_PATIENT,
        "patient-agreed": Step.AWAIT_VISIT,
        CONTACT_AGAIN: Step.CONTACT_PATIENT,
        ROUTE_AGAIN: _ROUTE,
    }
    ends = (*_PATIENT_ENDS, *closes, *_GIVE_UP)
    return Desk(queue, why, MappingProxyType({**usual, **actions}), ends, takes=_ABOUT_PATIENT)


_AUTHORIZATION_ACTIONS: Final = {
    ENTER_AUTHORIZATION: Step.REQUEST_AUTHORIZATION,
    RESUBMIT: Step.REQUEST_AUTHORIZATION,
    APPEAL: Step.REQUEST_AUTHORIZATION,
    "override": Step.OFFER_REFERRAL,
    SELF_PAY: Step.OFFER_REFERRAL,
    ROUTE_AGAIN: _ROUTE,
}

DESKS: Final[Mapping[Reason, Desk]] = MappingProxyType(
    {
        Reason.FAULT: _desk(
            Queue.REFERRAL_COORDINATORS,
            "A step failed repeatedly; retry it once the cause is removed.",
            {},
        ),
        Reason.MISSING_INFORMATION: _desk(
            Queue.FRONT_OFFICE,
            "Information that the pathway requires is missing; get it, correct the order, retry.",
            {RETRY: Step.CHECK_READINESS, RECORD_CONSENT: Step.CHECK_READINESS},
        ),
        Reason.PAYER_UNKNOWN: _desk(
            Queue.FRONT_OFFICE,
            "No configured payer matches the coverage; correct it or configure the payer.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_ELIGIBLE: _desk(
            Queue.FRONT_OFFICE,
            "The payer says the coverage is not active; correct it, agree on self-pay, or close.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.ELIGIBILITY_UNCLEAR: _desk(
            Queue.FRONT_OFFICE,
            "The payer could not say whether the patient is covered; verify and retry.",
            {RETRY: Step.CHECK_ELIGIBILITY, "confirm-eligible": _ROUTE, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.FEE_CLASS_MISSING: _desk(
            Queue.FRONT_OFFICE,
            "The patient pays and has no sliding-fee class; agree on one, or get a coverage.",
            {SELF_PAY: _ROUTE, RETRY: Step.CHECK_READINESS},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NO_CANDIDATE: _desk(
            Queue.REFERRAL_COORDINATORS,
            "No specialist has room within the pathway's limits; find one and retry, or close.",
            {RETRY: _ROUTE},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.AUTHORIZATION_DENIED: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer denied the authorization; appeal, ask again, choose another way, or close.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_UNCLEAR: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's answer needs a person: read it, then go on, ask again, or close.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_OVERDUE: _desk(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's own clock has run out without a decision; call the payer.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.CALL_DUE: _patient_desk(
            Queue.CONTACT_CENTER,
            "A call to the patient is due; call, and record what came of it.",
            {},
        ),
        Reason.ESCALATED: _patient_desk(
            Queue.CARE_MANAGEMENT,
            "The patient did not answer several attempts; a nurse decides how to reach them.",
            {},
        ),
        Reason.PATIENT_OPTED_OUT: _patient_desk(
            Queue.CONTACT_CENTER,
            "The patient wants no more messages; call once, or close.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.PATIENT_WROTE: _patient_desk(
            Queue.CONTACT_CENTER,
            "The patient replied something a person must read; call the patient.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.ANOTHER_TIME_WANTED: _patient_desk(
            Queue.CONTACT_CENTER,
            "The patient wants another time; agree on one and let the clinic book it.",
            {"rebook": Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_CANCELS: _patient_desk(
            Queue.CONTACT_CENTER,
            "The patient cannot keep the visit; call: rebook, another clinic, or close.",
            {"rebook": Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_NOT_REACHED: _patient_desk(
            Queue.CONTACT_CENTER,
            "No attempt reached the patient and the evidence is not complete; call, or write.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.CLOSING_SIGN_OFF: _patient_desk(
            Queue.CLINICAL_REVIEW,
            "The patient cannot be reached; a clinician must agree before the referral is closed.",
            {SIGN_OFF: Step.VERIFY_CLOSURE},
        ),
        Reason.MESSAGE_AMBIGUOUS: _patient_desk(
            Queue.CONTACT_CENTER,
            "A message may or may not have been sent; check, then contact again or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.MESSAGE_REFUSED: _patient_desk(
            Queue.CONTACT_CENTER,
            "Messages to this patient are refused; correct number or address, or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.NOT_BOOKED: _patient_desk(
            Queue.CONTACT_CENTER,
            "No appointment was booked in time; call the clinic, contact again, or route again.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_UNCONFIRMED: _patient_desk(
            Queue.CONTACT_CENTER,
            "The visit's day has passed without word from the clinic; ask whether it happened.",
            {KEEP_WAITING: Step.AWAIT_VISIT, "visit-attended": Step.VERIFY_CLOSURE},
        ),
        Reason.REBOOKINGS_EXHAUSTED: _patient_desk(
            Queue.CONTACT_CENTER,
            "The visit was missed or cancelled too often; call the patient and decide.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.REPORT_OVERDUE: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The consult report is overdue; get it from the clinic, or attest the service.",
            {KEEP_WAITING: Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
        # A person has to look, whatever else becomes of the referral: nothing closes it unread.
        Reason.CRITICAL_RESULT: Desk(
            Queue.CLINICAL_REVIEW,
            "The report holds a critical result; make sure that the referring provider knows.",
            MappingProxyType({SIGN_OFF: Step.VERIFY_CLOSURE}),
            closes=(),
            takes=frozenset(),
        ),
        Reason.NOTICE_UNDELIVERED: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The EHR did not take the notice; tell the referring provider another way, or retry.",
            {RETRY: Step.VERIFY_CLOSURE, TOLD_ANOTHER_WAY: Step.VERIFY_CLOSURE},
        ),
        Reason.NOT_ACKNOWLEDGED: _desk(
            Queue.REFERRAL_COORDINATORS,
            "The referring provider has not acknowledged the report; call, or send it again.",
            {RETRY: Step.VERIFY_CLOSURE, "acknowledged-by-phone": Step.VERIFY_CLOSURE},
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
    resumed = (RETRY,) if reason is Reason.FAULT and resume_at else ()
    return (*resumed, *desk.actions, *(closing_action(o) for o in desk.closes))


def target_of(reason: Reason, action: str, resume_at: Step) -> Step | None:
    """Return the step at which an action lets the referral go on; None when not allowed."""
    if action not in actions_of(reason, resume_at):
        return None
    if action.startswith("close:"):
        return Step.VERIFY_CLOSURE
    return DESKS[reason].actions.get(action, resume_at)
