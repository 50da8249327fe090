"""The policy of each reason: one team, one sentence, and the actions that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.updates import UpdateKind
from referral_core.domain.work_items.vocabulary import (
    ACCEPT_LATER,
    APPEAL,
    APPOINTMENT_FULFILLED,
    CHECK_AGAIN,
    CHOOSE_PERFORMER,
    CONTACT_AGAIN,
    ENTER_AUTHORIZATION,
    KEEP_WAITING,
    NAME_SERVICE,
    NOT_REACHED,
    PATIENT_TOLD,
    REBOOK,
    RECORD_CALL,
    RECORD_CONSENT,
    RESUBMIT,
    RETRY,
    ROUTE_AGAIN,
    SELF_PAY,
    SIGN_OFF,
    TOLD_ANOTHER_WAY,
    Reason,
    WorkItemPolicy,
)

_ROUTE: Final = Step.ROUTE_REFERRAL
_OTHER_PERFORMER: Final = {ROUTE_AGAIN: _ROUTE, CHOOSE_PERFORMER: _ROUTE}
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


def _policy(
    queue: Queue, status_reason: str, actions: Mapping[str, Step | None], *closes: Outcome
) -> WorkItemPolicy:
    return WorkItemPolicy(
        queue,
        status_reason,
        MappingProxyType(dict(actions)),
        (*closes, *_GIVE_UP),
        also_accepts=frozenset(),
    )


def _patient_policy(
    queue: Queue, status_reason: str, actions: Mapping[str, Step | None], *closes: Outcome
) -> WorkItemPolicy:
    """Return the policy of those who speak with the patient."""
    usual: dict[str, Step | None] = {
        RECORD_CALL: Step.CONTACT_PATIENT,
        "patient-agreed": Step.AWAIT_VISIT,
        CONTACT_AGAIN: Step.CONTACT_PATIENT,
        **_OTHER_PERFORMER,
    }
    ends = (*_PATIENT_ENDS, *closes, *_GIVE_UP)
    return WorkItemPolicy(
        queue,
        status_reason,
        MappingProxyType({**usual, **actions}),
        ends,
        also_accepts=_ABOUT_PATIENT,
    )


_AUTHORIZATION_ACTIONS: Final = {
    ENTER_AUTHORIZATION: Step.REQUEST_AUTHORIZATION,
    RESUBMIT: Step.REQUEST_AUTHORIZATION,
    APPEAL: Step.REQUEST_AUTHORIZATION,
    "override": Step.OFFER_REFERRAL,
    SELF_PAY: Step.OFFER_REFERRAL,
    **_OTHER_PERFORMER,
}

WORK_ITEM_POLICIES: Final[Mapping[Reason, WorkItemPolicy]] = MappingProxyType(
    {
        Reason.FAULT: _policy(
            Queue.REFERRAL_COORDINATORS,
            "A step failed repeatedly; retry it once the cause is removed.",
            {RETRY: None},
        ),
        Reason.MISSING_INFORMATION: _policy(
            Queue.FRONT_OFFICE,
            "Information that the pathway requires is missing; get it, correct the order, retry.",
            {RETRY: Step.CHECK_READINESS, RECORD_CONSENT: Step.CHECK_READINESS},
        ),
        Reason.CONSENT_MISSING: _policy(
            Queue.FRONT_OFFICE,
            "The order discloses what its patient must consent to; get the consent, then go on.",
            {RECORD_CONSENT: None, RETRY: None},
        ),
        Reason.SERVICE_UNCLEAR: _policy(
            Queue.REFERRAL_COORDINATORS,
            "It is not clear which service the order wants; read its words and name the service.",
            {NAME_SERVICE: Step.CHECK_READINESS, RETRY: Step.CHECK_READINESS},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.PAYER_UNKNOWN: _policy(
            Queue.FRONT_OFFICE,
            "No payer, or more than one, matches the coverage; correct it or configure the payer.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_ELIGIBLE: _policy(
            Queue.FRONT_OFFICE,
            "The payer says the coverage is not active; correct it, agree on self-pay, or close.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.ELIGIBILITY_UNCLEAR: _policy(
            Queue.FRONT_OFFICE,
            "The payer could not say whether the patient is covered; verify and retry.",
            {RETRY: Step.CHECK_ELIGIBILITY, "confirm-eligible": _ROUTE, SELF_PAY: _ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.FEE_CLASS_MISSING: _policy(
            Queue.FRONT_OFFICE,
            "The patient pays and has no sliding-fee class; agree on one, or get a coverage.",
            {SELF_PAY: _ROUTE, RETRY: Step.CHECK_READINESS},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_IN_TIME: _policy(
            Queue.REFERRAL_COORDINATORS,
            "The time that the order leaves is too short; find a place in time, or agree on later.",
            {RETRY: None, ACCEPT_LATER: None, CHOOSE_PERFORMER: _ROUTE},
            Outcome.NO_PROVIDER_AVAILABLE,
        )._replace(also_accepts=frozenset({UpdateKind.APPOINTMENT_BOOKED})),
        Reason.ORDER_CHANGED: _policy(
            Queue.REFERRAL_COORDINATORS,
            "The order changed and the clinic has it; keep to the plan, check it again, or close.",
            {KEEP_WAITING: None, CHECK_AGAIN: Step.CHECK_READINESS, **_OTHER_PERFORMER},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.NO_CANDIDATE: _policy(
            Queue.REFERRAL_COORDINATORS,
            "No specialist has room within the pathway's limits; find one and retry, or close.",
            {RETRY: _ROUTE, CHOOSE_PERFORMER: _ROUTE},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.AUTHORIZATION_DENIED: _policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer denied the authorization; appeal, ask again, choose another way, or close.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_UNCLEAR: _policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's answer needs a person: read it, then go on, ask again, or close.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_OVERDUE: _policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's own clock has run out without a decision; call the payer.",
            _AUTHORIZATION_ACTIONS,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.CALL_DUE: _patient_policy(
            Queue.CONTACT_CENTER,
            "A call to the patient is due; call, and record what came of it.",
            {},
        ),
        Reason.ESCALATED: _patient_policy(
            Queue.CARE_MANAGEMENT,
            "The patient did not answer several attempts; a nurse decides how to reach them.",
            {},
        ),
        Reason.PATIENT_OPTED_OUT: _patient_policy(
            Queue.CONTACT_CENTER,
            "The patient wants no more messages; call once, or close.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.PATIENT_WROTE: _patient_policy(
            Queue.CONTACT_CENTER,
            "The patient replied something a person must read; call the patient.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.ANOTHER_TIME_WANTED: _patient_policy(
            Queue.CONTACT_CENTER,
            "The patient wants another time; agree on one and let the clinic book it.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_CANCELS: _patient_policy(
            Queue.CONTACT_CENTER,
            "The patient cannot keep the visit; call: rebook, another clinic, or close.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_NOT_REACHED: _patient_policy(
            Queue.CONTACT_CENTER,
            "No attempt reached the patient and the evidence is not complete; call, or write.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        # How the referral ends is decided already: only the visit is still to be called off.
        Reason.PATIENT_NOT_TOLD: WorkItemPolicy(
            Queue.CONTACT_CENTER,
            "The visit is off and no message may tell the patient so in time; call the patient.",
            MappingProxyType({PATIENT_TOLD: Step.VERIFY_CLOSURE, NOT_REACHED: Step.VERIFY_CLOSURE}),
            closes=(),
            also_accepts=frozenset(),
        ),
        Reason.CLOSING_SIGN_OFF: _patient_policy(
            Queue.CLINICAL_REVIEW,
            "The patient cannot be reached; a clinician must agree before the referral is closed.",
            {SIGN_OFF: Step.VERIFY_CLOSURE},
        ),
        Reason.MESSAGE_AMBIGUOUS: _patient_policy(
            Queue.CONTACT_CENTER,
            "A message may or may not have been sent; check, then contact again or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.MESSAGE_REFUSED: _patient_policy(
            Queue.CONTACT_CENTER,
            "Messages to this patient are refused; correct number or address, or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.NOT_BOOKED: _patient_policy(
            Queue.CONTACT_CENTER,
            "No appointment was booked in time; call the clinic, contact again, or route again.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_UNAUTHORIZED: _patient_policy(
            Queue.CONTACT_CENTER,
            "The visit lies outside the authorized period; rebook, or have the payer extend it.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.INTERPRETER_NEEDED: _patient_policy(
            Queue.CONTACT_CENTER,
            "The patient needs an interpreter; arrange one with the clinic, then keep waiting.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_UNCONFIRMED: _patient_policy(
            Queue.CONTACT_CENTER,
            "The visit's day has passed without word from the clinic; ask whether it happened.",
            {KEEP_WAITING: Step.AWAIT_VISIT, APPOINTMENT_FULFILLED: Step.VERIFY_CLOSURE},
        ),
        Reason.REBOOKINGS_EXHAUSTED: _patient_policy(
            Queue.CONTACT_CENTER,
            "The visit was missed or cancelled too often; call the patient and decide.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.REPORT_OVERDUE: _policy(
            Queue.REFERRAL_COORDINATORS,
            "The consult report is overdue; get it from the clinic, or attest the service.",
            {KEEP_WAITING: Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
        # A person has to look, whatever else becomes of the referral: nothing closes it unread.
        Reason.CRITICAL_RESULT: WorkItemPolicy(
            Queue.CLINICAL_REVIEW,
            "The report holds a critical result; make sure that the referring provider knows.",
            MappingProxyType({SIGN_OFF: Step.VERIFY_CLOSURE}),
            closes=(),
            also_accepts=frozenset(),
        ),
        Reason.REPORT_OF_FORMER_PERFORMER: _policy(
            Queue.CLINICAL_REVIEW,
            "A clinic that no longer has the referral sent a document; read it, then go on.",
            {KEEP_WAITING: None},
            Outcome.CARE_RECEIVED_ELSEWHERE,
        ),
        Reason.NOTICE_UNDELIVERED: _policy(
            Queue.REFERRAL_COORDINATORS,
            "The EHR did not take the notice; tell the referring provider another way, or retry.",
            {RETRY: None, TOLD_ANOTHER_WAY: None},
        ),
        Reason.NOT_ACKNOWLEDGED: _policy(
            Queue.REFERRAL_COORDINATORS,
            "The referring provider has not acknowledged the report; call, or send it again.",
            {RETRY: Step.VERIFY_CLOSURE, "acknowledged-by-phone": Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
    }
)
