"""Why a person must look, what that person may do, and what a policy says of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.update_kinds import UpdateKind


class Reason(StrEnum):
    """Why a person must look."""

    FAULT = "fault"
    MISSING_INFORMATION = "missing-information"
    CONSENT_MISSING = "consent-missing"
    SERVICE_UNCLEAR = "service-unclear"
    POSSIBLE_DUPLICATE = "possible-duplicate"
    PAYER_UNKNOWN = "payer-unknown"
    NOT_ELIGIBLE = "not-eligible"
    ELIGIBILITY_UNCLEAR = "eligibility-unclear"
    NOT_IN_TIME = "not-in-time"
    NO_CANDIDATE = "no-candidate"
    ORDER_CHANGED = "order-changed"
    AUTHORIZATION_DENIED = "authorization-denied"
    AUTHORIZATION_UNCLEAR = "authorization-unclear"
    AUTHORIZATION_OVERDUE = "authorization-overdue"
    AUTHORIZATION_ENDED = "authorization-ended"
    AUTHORIZATION_DENIED_LATE = "authorization-denied-late"
    FEE_CLASS_MISSING = "fee-class-missing"
    CALL_DUE = "call-due"
    ESCALATED = "escalated"
    ANOTHER_TIME_WANTED = "another-time-wanted"
    PATIENT_CANCELS = "patient-cancels"
    CLOSING_SIGN_OFF = "closing-sign-off"
    PATIENT_OPTED_OUT = "patient-opted-out"
    PATIENT_WROTE = "patient-wrote"
    PATIENT_WROTE_UNASKED = "patient-wrote-unasked"
    PATIENT_NOT_REACHED = "patient-not-reached"
    PATIENT_NOT_TOLD = "patient-not-told"
    MESSAGE_AMBIGUOUS = "message-ambiguous"
    MESSAGE_REFUSED = "message-refused"
    NOT_BOOKED = "not-booked"
    VISIT_UNAUTHORIZED = "visit-unauthorized"
    VISIT_TOO_EARLY = "visit-too-early"
    CLINIC_CLOSED = "clinic-closed"
    INTERPRETER_NEEDED = "interpreter-needed"
    VISIT_UNCONFIRMED = "visit-unconfirmed"
    REBOOKINGS_EXHAUSTED = "rebookings-exhausted"
    REPORT_OVERDUE = "report-overdue"
    CRITICAL_RESULT = "critical-result"
    ENDING_CONTRADICTED = "ending-contradicted"
    NOTICE_UNDELIVERED = "notice-undelivered"
    NOT_ACKNOWLEDGED = "not-acknowledged"
    REPORT_OF_FORMER_PERFORMER = "report-of-former-performer"


TO_BE_READ: Final = frozenset(
    {
        Reason.CRITICAL_RESULT,
        Reason.PATIENT_WROTE_UNASKED,
        Reason.REPORT_OF_FORMER_PERFORMER,
    }
)
"""What a person must have read before anything else settles the item."""
ABOUT_BOOKING: Final = frozenset(
    {
        Reason.CLINIC_CLOSED,
        Reason.VISIT_UNAUTHORIZED,
        Reason.VISIT_TOO_EARLY,
        Reason.INTERPRETER_NEEDED,
    }
)
"""What a person looks at before the patient is reminded of a visit."""


EXCEPTIONS: Final = frozenset(
    {
        Reason.FAULT,
        Reason.PAYER_UNKNOWN,
        Reason.NO_CANDIDATE,
        Reason.AUTHORIZATION_OVERDUE,
        Reason.PATIENT_NOT_TOLD,
        Reason.MESSAGE_AMBIGUOUS,
        Reason.MESSAGE_REFUSED,
        Reason.NOTICE_UNDELIVERED,
    }
)
"""What does not come up when all goes as it should: something failed, or somebody was silent."""


class WorkItemPolicy(NamedTuple):
    """What a reason means for the person who opens the work item.

    Attributes:
        status_reason: one sentence: why it waits and what would move it.
        actions: action → the step at which the referral goes on; None: where it was.
        closes: terminal outcomes that a person may close it with.
        takes: what may come from outside meanwhile and settle it, besides what every item takes.
    """

    queue: Queue
    status_reason: str
    actions: Mapping[str, Step | None]
    closes: tuple[Outcome, ...]
    also_accepts: frozenset[UpdateKind]


RETRY: Final = "retry"
ACCEPT_LATER: Final = "accept-later"
NAME_SERVICE: Final = "name-service"
RECORD_CALL: Final = "record-call"
ENTER_AUTHORIZATION: Final = "enter-authorization"
SELF_PAY: Final = "self-pay"
RECORD_CONSENT: Final = "record-consent"
CONTACT_AGAIN: Final = "contact-again"
ROUTE_AGAIN: Final = "route-again"
CHOOSE_PERFORMER: Final = "choose-performer"
KEEP_WAITING: Final = "keep-waiting"
CHECK_AGAIN: Final = "check-again"
SIGN_OFF: Final = "sign-off"
APPEAL: Final = "appeal"
RESUBMIT: Final = "resubmit"
TOLD_ANOTHER_WAY: Final = "told-another-way"
PATIENT_TOLD: Final = "patient-told"
NOT_REACHED: Final = "not-reached"
REBOOK: Final = "rebook"
APPOINTMENT_FULFILLED: Final = "appointment-fulfilled"
