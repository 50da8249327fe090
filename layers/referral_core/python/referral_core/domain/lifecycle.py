"""The lifecycle's vocabulary and the one transition table: nothing else decides legality."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Step(StrEnum):
    """The states of the state machine that do work; the value is the ASL state's name."""

    CHECK_READINESS = "CheckReadiness"
    CHECK_ELIGIBILITY = "CheckEligibility"
    ROUTE_REFERRAL = "RouteReferral"
    REQUEST_AUTHORIZATION = "RequestAuthorization"
    OFFER_REFERRAL = "OfferReferral"
    CONTACT_PATIENT = "ContactPatient"
    AWAIT_VISIT = "AwaitVisit"
    VERIFY_CLOSURE = "VerifyClosure"
    CLOSE_REFERRAL = "CloseReferral"
    OPEN_WORK_ITEM = "OpenWorkItem"


class End(StrEnum):
    """Where the state machine goes when no step follows; the value is the ASL state's name."""

    CLOSED = "ReferralClosed"
    SUPERSEDED = "RunSuperseded"


Next = Step | End
"""What follows a step: another step, itself again, or the end of the run."""


class ReferralKind(StrEnum):
    """What kind of referral a pathway carries: a cut of every figure."""

    INTERNAL_SPECIALIST = "internal-specialist"
    EXTERNAL_PROVIDER = "external-provider"
    DIAGNOSTIC_SERVICE = "diagnostic-service"
    BEHAVIORAL_HEALTH = "behavioral-health"
    HOME_BASED_CARE = "home-based-care"
    COMMUNITY_RESOURCE = "community-resource"


class Status(StrEnum):
    """The canonical public status of a referral, a projection of its four regions."""

    RECEIVED = "received"
    NEEDS_INFORMATION = "needs-information"
    CHECKING_ELIGIBILITY = "checking-eligibility"
    ROUTING = "routing"
    WAITLISTED = "waitlisted"
    AWAITING_AUTHORIZATION = "awaiting-authorization"
    AUTHORIZATION_DENIED_REVIEW = "authorization-denied-review"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    RECIPIENT_DECLINED = "recipient-declined"
    CONTACTING_PATIENT = "contacting-patient"
    SCHEDULED = "scheduled"
    NOSHOW = "noshow"
    APPOINTMENT_CANCELLED = "appointment-cancelled"
    SEEN_AWAITING_REPORT = "seen-awaiting-report"
    REPORT_RECEIVED = "report-received"
    CANCEL_REQUESTED = "cancel-requested"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a referral may end: a closed set."""

    COMPLETED_REPORT_ACKNOWLEDGED = "completed-report-acknowledged"
    COMPLETED_ATTESTED = "completed-attested"
    PATIENT_DECLINED = "patient-declined"
    UNABLE_TO_REACH = "unable-to-reach"
    CANCELLED_BY_REFERRER = "cancelled-by-referrer"
    NO_PROVIDER_AVAILABLE = "no-provider-available"
    NOT_ELIGIBLE = "not-eligible"
    AUTHORIZATION_DENIED_FINAL = "authorization-denied-final"
    CARE_RECEIVED_ELSEWHERE = "care-received-elsewhere"
    DECEASED_OR_MOVED = "deceased-or-moved"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered-in-error"
    EXPIRED_UNRESOLVED = "expired-unresolved"


COMPLETED: Final = frozenset({Outcome.COMPLETED_REPORT_ACKNOWLEDGED, Outcome.COMPLETED_ATTESTED})


class Queue(StrEnum):
    """The team whose worklist shows the referral: one at a time."""

    FRONT_OFFICE = "front-office"
    REFERRAL_COORDINATORS = "referral-coordinators"
    PRIOR_AUTHORIZATION = "prior-authorization"
    CONTACT_CENTER = "contact-center"
    CARE_MANAGEMENT = "care-management"
    CLINICAL_REVIEW = "clinical-review"
    SPECIALIST_OFFICE = "specialist-office"


class Party(StrEnum):
    """Whose move it is."""

    ROUTER = "router"
    REFERRER = "referrer"
    PAYER = "payer"
    CLINIC = "clinic"
    PATIENT = "patient"
    STAFF = "staff"


class Responsibility(NamedTuple):
    """Who owns the next action in a status, and whose move the referral waits for."""

    queue: Queue
    waits_for: Party


_S = Status

RESPONSIBLE: Final[Mapping[Status, Responsibility]] = MappingProxyType(
    {
        _S.RECEIVED: Responsibility(Queue.FRONT_OFFICE, Party.ROUTER),
        _S.NEEDS_INFORMATION: Responsibility(Queue.FRONT_OFFICE, Party.REFERRER),
        _S.CHECKING_ELIGIBILITY: Responsibility(Queue.FRONT_OFFICE, Party.PAYER),
        _S.ROUTING: Responsibility(Queue.REFERRAL_COORDINATORS, Party.ROUTER),
        _S.WAITLISTED: Responsibility(Queue.REFERRAL_COORDINATORS, Party.CLINIC),
        _S.AWAITING_AUTHORIZATION: Responsibility(Queue.PRIOR_AUTHORIZATION, Party.PAYER),
        _S.AUTHORIZATION_DENIED_REVIEW: Responsibility(Queue.PRIOR_AUTHORIZATION, Party.STAFF),
        _S.OFFERED: Responsibility(Queue.SPECIALIST_OFFICE, Party.CLINIC),
        _S.ACCEPTED: Responsibility(Queue.CONTACT_CENTER, Party.ROUTER),
        _S.RECIPIENT_DECLINED: Responsibility(Queue.REFERRAL_COORDINATORS, Party.ROUTER),
        _S.CONTACTING_PATIENT: Responsibility(Queue.CONTACT_CENTER, Party.PATIENT),
        _S.SCHEDULED: Responsibility(Queue.SPECIALIST_OFFICE, Party.CLINIC),
        _S.NOSHOW: Responsibility(Queue.CONTACT_CENTER, Party.ROUTER),
        _S.APPOINTMENT_CANCELLED: Responsibility(Queue.CONTACT_CENTER, Party.ROUTER),
        _S.SEEN_AWAITING_REPORT: Responsibility(Queue.SPECIALIST_OFFICE, Party.CLINIC),
        _S.REPORT_RECEIVED: Responsibility(Queue.REFERRAL_COORDINATORS, Party.REFERRER),
        _S.CANCEL_REQUESTED: Responsibility(Queue.REFERRAL_COORDINATORS, Party.ROUTER),
        _S.CLOSED: Responsibility(Queue.REFERRAL_COORDINATORS, Party.ROUTER),
    }
)

# The forward edges and the back-edges of a working referral. Cancelling and closing are legal
# from every open status and added below, so that no row has to repeat them.
_WORKING: Final[Mapping[Status, frozenset[Status]]] = {
    _S.RECEIVED: frozenset({_S.NEEDS_INFORMATION, _S.CHECKING_ELIGIBILITY}),
    _S.NEEDS_INFORMATION: frozenset({_S.CHECKING_ELIGIBILITY}),
    _S.CHECKING_ELIGIBILITY: frozenset({_S.NEEDS_INFORMATION, _S.ROUTING}),
    # An order that changed is checked again, from wherever it was routed to.
    _S.ROUTING: frozenset(
        {
            _S.WAITLISTED,
            _S.AWAITING_AUTHORIZATION,
            _S.CHECKING_ELIGIBILITY,
            _S.NEEDS_INFORMATION,
        }
    ),
    _S.WAITLISTED: frozenset({_S.ROUTING}),
    _S.AWAITING_AUTHORIZATION: frozenset(
        {_S.AUTHORIZATION_DENIED_REVIEW, _S.OFFERED, _S.ROUTING, _S.CHECKING_ELIGIBILITY}
    ),
    _S.AUTHORIZATION_DENIED_REVIEW: frozenset({_S.AWAITING_AUTHORIZATION, _S.OFFERED, _S.ROUTING}),
    _S.OFFERED: frozenset({_S.ACCEPTED, _S.RECIPIENT_DECLINED, _S.ROUTING}),
    _S.RECIPIENT_DECLINED: frozenset({_S.ROUTING}),
    # Routing: the patient's word that another clinic is wanted may have come before.
    _S.ACCEPTED: frozenset(
        {
            _S.CONTACTING_PATIENT,
            _S.SCHEDULED,
            _S.ROUTING,
            _S.RECIPIENT_DECLINED,
            _S.SEEN_AWAITING_REPORT,
        }
    ),
    _S.CONTACTING_PATIENT: frozenset(
        {_S.SCHEDULED, _S.ROUTING, _S.RECIPIENT_DECLINED, _S.SEEN_AWAITING_REPORT}
    ),
    _S.SCHEDULED: frozenset(
        {
            _S.NOSHOW,
            _S.APPOINTMENT_CANCELLED,
            _S.SEEN_AWAITING_REPORT,
            _S.CONTACTING_PATIENT,
            _S.RECIPIENT_DECLINED,
            _S.ROUTING,
        }
    ),
    _S.NOSHOW: frozenset(
        {
            _S.CONTACTING_PATIENT,
            _S.SCHEDULED,
            _S.SEEN_AWAITING_REPORT,
            _S.RECIPIENT_DECLINED,
            _S.ROUTING,
        }
    ),
    _S.APPOINTMENT_CANCELLED: frozenset(
        {
            _S.CONTACTING_PATIENT,
            _S.SCHEDULED,
            _S.SEEN_AWAITING_REPORT,
            _S.RECIPIENT_DECLINED,
            _S.ROUTING,
        }
    ),
    _S.SEEN_AWAITING_REPORT: frozenset({_S.SCHEDULED}),
    _S.REPORT_RECEIVED: frozenset({_S.SEEN_AWAITING_REPORT}),
    _S.CANCEL_REQUESTED: frozenset(),
    _S.CLOSED: frozenset(),
}

# A report is proof that the visit happened, whatever the router knew of it until then.
_REPORT_MAY_ARRIVE: Final = frozenset(
    {
        _S.OFFERED,
        _S.ACCEPTED,
        _S.CONTACTING_PATIENT,
        _S.SCHEDULED,
        _S.NOSHOW,
        _S.APPOINTMENT_CANCELLED,
        _S.SEEN_AWAITING_REPORT,
        _S.CANCEL_REQUESTED,
    }
)


def _legal(status: Status) -> frozenset[Status]:
    if status is _S.CLOSED:
        # Reopening: a new run, with an actor and a reason, resumes where staff decide.
        return frozenset({_S.RECEIVED, _S.ROUTING, _S.CONTACTING_PATIENT, _S.SEEN_AWAITING_REPORT})
    report = {_S.REPORT_RECEIVED} if status in _REPORT_MAY_ARRIVE else set()
    return frozenset({*_WORKING[status], *report, _S.CANCEL_REQUESTED, _S.CLOSED} - {status})


LEGAL: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType({s: _legal(s) for s in Status})


class IllegalTransition(Exception):
    """A move that the transition table does not know."""


def require_legal(before: Status, after: Status) -> None:
    """Raise unless `after` may follow `before` (staying put is always legal).

    Raises:
        IllegalTransition: the table has no such edge.
    """
    if after != before and after not in LEGAL[before]:
        raise IllegalTransition(f"{before} -> {after}")
