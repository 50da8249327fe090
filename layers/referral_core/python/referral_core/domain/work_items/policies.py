"""The policy of each reason: one team, one sentence, and the actions that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.work_items.policy_kinds import (
    OF_AUTHORIZATION,
    OTHER_PERFORMER,
    ROUTE,
    of_patient,
    policy,
    to_be_seen,
)
from referral_core.domain.work_items.vocabulary import (
    ACCEPT_LATER,
    APPOINTMENT_FULFILLED,
    CHECK_AGAIN,
    CHOOSE_PERFORMER,
    ENTER_AUTHORIZATION,
    KEEP_WAITING,
    NAME_SERVICE,
    NOT_REACHED,
    PATIENT_TOLD,
    REBOOK,
    RECORD_CONSENT,
    RETRY,
    SELF_PAY,
    SIGN_OFF,
    TOLD_ANOTHER_WAY,
    Reason,
    WorkItemPolicy,
)

WORK_ITEM_POLICIES: Final[Mapping[Reason, WorkItemPolicy]] = MappingProxyType(
    {
        Reason.FAULT: policy(
            Queue.REFERRAL_COORDINATORS,
            "A step failed repeatedly; retry it once the cause is removed.",
            {RETRY: None},
        ),
        Reason.MISSING_INFORMATION: policy(
            Queue.FRONT_OFFICE,
            "Information that the pathway requires is missing; get it, correct the order, retry.",
            {RETRY: Step.CHECK_READINESS, RECORD_CONSENT: Step.CHECK_READINESS},
        ),
        Reason.CONSENT_MISSING: policy(
            Queue.FRONT_OFFICE,
            "The order discloses what its patient must consent to; get the consent, then go on.",
            {RECORD_CONSENT: None, RETRY: None},
        ),
        Reason.SERVICE_UNCLEAR: policy(
            Queue.REFERRAL_COORDINATORS,
            "It is not clear which service the order wants; read its words and name the service.",
            {NAME_SERVICE: Step.CHECK_READINESS, RETRY: Step.CHECK_READINESS},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.POSSIBLE_DUPLICATE: policy(
            Queue.REFERRAL_COORDINATORS,
            "Another practice asked for the same for this patient; keep both, or close this one.",
            {KEEP_WAITING: None},
        ),
        Reason.PAYER_UNKNOWN: policy(
            Queue.FRONT_OFFICE,
            "No payer, or more than one, matches the coverage; correct it or configure the payer.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_ELIGIBLE: policy(
            Queue.FRONT_OFFICE,
            "The payer says the coverage is not active; correct it, agree on self-pay, or close.",
            {RETRY: Step.CHECK_READINESS, SELF_PAY: ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.ELIGIBILITY_UNCLEAR: policy(
            Queue.FRONT_OFFICE,
            "The payer could not say whether the patient is covered; verify and retry.",
            {RETRY: Step.CHECK_ELIGIBILITY, "confirm-eligible": ROUTE, SELF_PAY: ROUTE},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.FEE_CLASS_MISSING: policy(
            Queue.FRONT_OFFICE,
            "The patient pays and has no sliding-fee class; agree on one, or get a coverage.",
            {SELF_PAY: ROUTE, RETRY: Step.CHECK_READINESS},
            Outcome.NOT_ELIGIBLE,
        ),
        Reason.NOT_IN_TIME: policy(
            Queue.REFERRAL_COORDINATORS,
            "The time that the order leaves is too short; find a place in time, or agree on later.",
            {RETRY: None, ACCEPT_LATER: None, CHOOSE_PERFORMER: ROUTE},
            Outcome.NO_PROVIDER_AVAILABLE,
        )._replace(also_accepts=frozenset({UpdateKind.APPOINTMENT_BOOKED})),
        Reason.ORDER_CHANGED: policy(
            Queue.REFERRAL_COORDINATORS,
            "The order changed and the clinic has it; keep to the plan, check it again, or close.",
            {KEEP_WAITING: None, CHECK_AGAIN: Step.CHECK_READINESS, **OTHER_PERFORMER},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.NO_CANDIDATE: policy(
            Queue.REFERRAL_COORDINATORS,
            "No specialist has room within the pathway's limits; find one and retry, or close.",
            {RETRY: ROUTE, CHOOSE_PERFORMER: ROUTE},
            Outcome.NO_PROVIDER_AVAILABLE,
        ),
        Reason.AUTHORIZATION_DENIED: policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer denied the authorization; appeal, ask again, choose another way, or close.",
            OF_AUTHORIZATION,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_UNCLEAR: policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's answer needs a person: read it, then go on, ask again, or close.",
            OF_AUTHORIZATION,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_OVERDUE: policy(
            Queue.PRIOR_AUTHORIZATION,
            "The payer's own clock has run out without a decision; call the payer.",
            OF_AUTHORIZATION,
            Outcome.AUTHORIZATION_DENIED_FINAL,
        ),
        Reason.AUTHORIZATION_ENDED: policy(
            Queue.PRIOR_AUTHORIZATION,
            "No authorization holds any more, and no visit is booked; ask the payer, or go on.",
            {
                ENTER_AUTHORIZATION: None,
                KEEP_WAITING: None,
                SELF_PAY: None,
                CHECK_AGAIN: Step.CHECK_READINESS,
                **OTHER_PERFORMER,
            },
            Outcome.AUTHORIZATION_DENIED_FINAL,
        )._replace(
            also_accepts=frozenset(
                {
                    UpdateKind.APPOINTMENT_BOOKED,
                    UpdateKind.OFFER_DECLINED,
                    UpdateKind.PATIENT_REPLIED,
                }
            )
        ),
        # The visit took place: nothing but the payer's word is still to be had.
        Reason.AUTHORIZATION_DENIED_LATE: to_be_seen(
            Queue.PRIOR_AUTHORIZATION,
            "The payer took its authorization back after the visit; call the payer and the clinic.",
            {KEEP_WAITING: Step.VERIFY_CLOSURE},
        ),
        Reason.CALL_DUE: of_patient(
            Queue.CONTACT_CENTER,
            "A call to the patient is due; call, and record what came of it.",
            {},
        ),
        Reason.ESCALATED: of_patient(
            Queue.CARE_MANAGEMENT,
            "The patient did not answer several attempts; a nurse decides how to reach them.",
            {},
        ),
        Reason.PATIENT_OPTED_OUT: of_patient(
            Queue.CONTACT_CENTER,
            "The patient wants no more messages; call once, or close.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.PATIENT_WROTE: of_patient(
            Queue.CONTACT_CENTER,
            "The patient replied something a person must read; call the patient.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        # Before they are asked, once they were seen, while the referral ends: it goes on as it was.
        Reason.PATIENT_WROTE_UNASKED: policy(
            Queue.CONTACT_CENTER,
            "The patient said something while nothing was asked of them; read it, call, go on.",
            {KEEP_WAITING: None},
            Outcome.PATIENT_DECLINED,
            Outcome.CARE_RECEIVED_ELSEWHERE,
            Outcome.DECEASED_OR_MOVED,
        ),
        Reason.ANOTHER_TIME_WANTED: of_patient(
            Queue.CONTACT_CENTER,
            "The patient wants another time; agree on one and let the clinic book it.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_CANCELS: of_patient(
            Queue.CONTACT_CENTER,
            "The patient cannot keep the visit; call: rebook, another clinic, or close.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.PATIENT_NOT_REACHED: of_patient(
            Queue.CONTACT_CENTER,
            "No attempt reached the patient and the evidence is not complete; call, or write.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        # What follows is decided already: only the visit is still to be called off.
        Reason.PATIENT_NOT_TOLD: to_be_seen(
            Queue.CONTACT_CENTER,
            "The visit is off and no message may tell the patient so in time; call the patient.",
            {PATIENT_TOLD: None, NOT_REACHED: None},
        ),
        Reason.ENDING_CONTRADICTED: to_be_seen(
            Queue.REFERRAL_COORDINATORS,
            "The referral is ending, and its clinic books or saw the patient; call the clinic.",
            {KEEP_WAITING: Step.VERIFY_CLOSURE},
        ),
        Reason.CLOSING_SIGN_OFF: of_patient(
            Queue.CLINICAL_REVIEW,
            "The patient cannot be reached; a clinician must agree before the referral is closed.",
            {SIGN_OFF: Step.VERIFY_CLOSURE},
        ),
        Reason.MESSAGE_AMBIGUOUS: of_patient(
            Queue.CONTACT_CENTER,
            "A message may or may not have been sent; check, then contact again or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.MESSAGE_REFUSED: of_patient(
            Queue.CONTACT_CENTER,
            "Messages to this patient are refused; correct number or address, or call.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.NOT_BOOKED: of_patient(
            Queue.CONTACT_CENTER,
            "No appointment was booked in time; call the clinic, contact again, or route again.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.CLINIC_CLOSED: of_patient(
            Queue.CONTACT_CENTER,
            "The clinic sees nobody on the day of the visit; ask it, then rebook, or let it stand.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_UNAUTHORIZED: of_patient(
            Queue.CONTACT_CENTER,
            "The visit is outside the authorized period, or has none; rebook, or ask the payer.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_TOO_EARLY: of_patient(
            Queue.CONTACT_CENTER,
            "The visit is before the day from which the order wants it; rebook, or let it stand.",
            {REBOOK: Step.AWAIT_VISIT, KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.INTERPRETER_NEEDED: of_patient(
            Queue.CONTACT_CENTER,
            "The patient needs an interpreter; arrange one with the clinic, then keep waiting.",
            {KEEP_WAITING: Step.AWAIT_VISIT},
        ),
        Reason.VISIT_UNCONFIRMED: of_patient(
            Queue.CONTACT_CENTER,
            "The visit's day has passed without word from the clinic; ask whether it happened.",
            {KEEP_WAITING: Step.AWAIT_VISIT, APPOINTMENT_FULFILLED: Step.VERIFY_CLOSURE},
        ),
        Reason.REBOOKINGS_EXHAUSTED: of_patient(
            Queue.CONTACT_CENTER,
            "The visit was missed or cancelled too often; call the patient and decide.",
            {},
            Outcome.UNABLE_TO_REACH,
        ),
        Reason.REPORT_OVERDUE: policy(
            Queue.REFERRAL_COORDINATORS,
            "The consult report is overdue; get it from the clinic, or attest the service.",
            {KEEP_WAITING: Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
        # A person has to look, whatever else becomes of the referral: nothing closes it unread.
        Reason.CRITICAL_RESULT: to_be_seen(
            Queue.CLINICAL_REVIEW,
            "The report holds a critical result; make sure that the referring provider knows.",
            {SIGN_OFF: Step.VERIFY_CLOSURE},
        ),
        Reason.REPORT_OF_FORMER_PERFORMER: policy(
            Queue.CLINICAL_REVIEW,
            "A clinic that no longer has the referral sent a document; read it, then go on.",
            {KEEP_WAITING: None},
            Outcome.CARE_RECEIVED_ELSEWHERE,
        ),
        Reason.NOTICE_UNDELIVERED: policy(
            Queue.REFERRAL_COORDINATORS,
            "The EHR did not take the notice; tell the referring provider another way, or retry.",
            {RETRY: None, TOLD_ANOTHER_WAY: None},
        ),
        Reason.NOT_ACKNOWLEDGED: policy(
            Queue.REFERRAL_COORDINATORS,
            "The referring provider has not acknowledged the report; call, or send it again.",
            {RETRY: Step.VERIFY_CLOSURE, "acknowledged-by-phone": Step.VERIFY_CLOSURE},
            Outcome.COMPLETED_ATTESTED,
        ),
    }
)
