"""What an event of each kind may say: typed, small, free of PHI."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from referral_core.domain.codes import Coded
from referral_core.domain.events.kinds import EventKind
from referral_core.domain.events.step_facts import STEP_KINDS, Facts, StepFacts
from referral_core.domain.lifecycle import Outcome, Step
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.outreach.vocabulary import CallResult, Reply
from referral_core.domain.payers.authorization import AuthorizationStatus, AuthorizationVerdict
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.work_items import Reason


class CoverageFacts(Facts):
    """What the payer said. Attributes: refused: our own words on why it would not answer."""

    payer: str | None = None
    verdict: EligibilityVerdict | None = None
    other_payer: bool | None = None
    refused: str | None = None
    fee_class: Coded = None


class OfferFacts(Facts):
    """Which offer, and why it ended.

    Attributes:
        week: ISO week that is reserved.
        network_available: whether somebody of the network passed every hard filter, with room
            within the pathway's time, when this was chosen.
        override: code of why the network was left on purpose, when this was chosen.
        third_next_days: days until the chosen performer's third free place.
        policy: of the decision: by prices, or greedy for lack of valid ones.
        price_version: the price list that it used.
        distance_km: from the patient's home to the performer, in whole kilometres.
    """

    offer: int | None = None
    week: Coded = None
    score: Coded = None
    reason: Coded = None
    network_available: bool | None = None
    override: Coded = None
    third_next_days: int | None = None
    policy: Coded = None
    price_version: Coded = None
    distance_km: int | None = None


class AuthorizationFacts(Facts):
    """What the payer decided.

    Attributes:
        clock_ends: when its own clock runs out.
        asked_at: when the request went to the payer.
        expedited: whether the payer's clock for urgent requests runs.
        appealed: whether the decision follows an appeal.
    """

    verdict: AuthorizationVerdict | None = None
    status: AuthorizationStatus | None = None
    review_action: Coded = None
    clock_ends: datetime | None = None
    asked_at: datetime | None = None
    expedited: bool | None = None
    appealed: bool | None = None


class ContactFacts(Facts):
    """An attempt to reach the patient, or what came of one."""

    attempt: int | None = None
    attempts: int | None = None
    channel: Channel | None = None
    reply: Reply | None = None
    result: CallResult | None = None


class AppointmentFacts(Facts):
    """A booking and what is wrong with it, or what became of the appointment."""

    appointment: int | None = None
    start: datetime | None = None
    late: bool | None = None
    unauthorized: bool | None = None
    reason: Coded = None
    referrer_notified: bool | None = None


class ReportFacts(Facts):
    """A document about the visit."""

    sha256: str | None = None
    loinc: Coded = None
    sufficient: bool | None = None
    final: bool | None = None
    critical: bool | None = None


class DestinationFacts(Facts):
    """Who gave care elsewhere, by NPI, and how the directory lists them for the payer that day."""

    elsewhere: Coded = None
    elsewhere_network: bool | None = None
    elsewhere_tier: int | None = None


class ClosureFacts(DestinationFacts):
    """How it ends, and whether the loop is closed."""

    outcome: Outcome | None = None
    loop_closed: bool | None = None
    notice: int | None = None
    reason: Coded = None
    closed_version: int | None = None


class WorkItemFacts(DestinationFacts):
    """Why a person must look, and what that person does."""

    reason: Reason | None = None
    act: str | None = None
    action: str | None = None
    owner: str | None = None
    until: datetime | None = None
    fee_class: Coded = None
    reply: Reply | None = None
    result: CallResult | None = None
    missing: tuple[str, ...] = ()
    payer: str | None = None
    verdict: str | None = None
    refused: str | None = None
    review_action: Coded = None
    asked_at: datetime | None = None
    expedited: bool | None = None
    appealed: bool | None = None
    clock_ends: datetime | None = None


class UpdateFacts(Facts):
    """An update that moved nothing."""

    kind: UpdateKind
    status: Coded = None
    reason: Coded = None
    reply: Reply | None = None
    result: CallResult | None = None


class RunFacts(Facts):
    """Where a run resumes."""

    step: Step | None = None


_K = EventKind
_GROUPS: Final[Mapping[type[Facts], tuple[EventKind, ...]]] = {
    StepFacts: tuple(STEP_KINDS),
    CoverageFacts: (_K.ELIGIBILITY_CONFIRMED, _K.ELIGIBILITY_NOT_NEEDED, _K.SELF_PAY_AGREED),
    OfferFacts: (
        _K.ROUTED,
        _K.ROUTING_RESUMED,
        _K.WAITLISTED,
        _K.WAITLIST_RETRIED,
        _K.OFFERED,
        _K.OFFER_AWAITED,
        _K.OFFER_REMINDED,
        _K.OFFER_UNANSWERED,
        _K.OFFER_ACCEPTED,
        _K.OFFER_DECLINED,
        _K.OFFER_SILENT,
        _K.OFFER_WITHDRAWN,
        _K.OFFER_TAKEN_BACK,
    ),
    AuthorizationFacts: (
        _K.AUTHORIZED,
        _K.AUTHORIZATION_PENDED,
        _K.AUTHORIZATION_AWAITED,
        _K.AUTHORIZATION_DECIDED,
        _K.AUTHORIZATION_CLOCK_WARNED,
        _K.APPEAL_AWAITED,
    ),
    ContactFacts: (
        _K.PATIENT_CONTACTED,
        _K.CALL_DUE,
        _K.CALL_OVERDUE,
        _K.CALL_RECORDED,
        _K.NEXT_ATTEMPT_PLANNED,
        _K.CHANNEL_UNAVAILABLE,
        _K.NO_REPLY,
        _K.PATIENT_AGREED,
        _K.PATIENT_DECLINED,
        _K.PATIENT_OPTED_OUT,
        _K.PATIENT_NOT_REACHED,
        _K.PATIENT_REMINDED,
        _K.PATIENT_TO_BE_TOLD,
        _K.PATIENT_TOLD,
        _K.APPOINTMENT_CONFIRMED,
        _K.REBOOKING_WANTED,
    ),
    AppointmentFacts: (
        _K.BOOKING_AWAITED,
        _K.APPOINTMENT_BOOKED,
        _K.APPOINTMENT_AWAITED,
        _K.APPOINTMENT_FULFILLED,
        _K.APPOINTMENT_NOSHOW,
        _K.APPOINTMENT_CANCELLED,
        _K.REMINDER_DUE,
        _K.REBOOKING_STARTED,
    ),
    ReportFacts: (
        _K.REPORT_AWAITED,
        _K.REPORT_LATE,
        _K.REPORT_REMINDED,
        _K.REPORT_RECEIVED,
        _K.REPORT_INSUFFICIENT,
    ),
    ClosureFacts: (
        _K.NOTICE_QUEUED,
        _K.NOTICE_ASKED_AGAIN,
        _K.NOTICE_AWAITED,
        _K.NOTICE_DELIVERED,
        _K.NOTICE_UNDELIVERABLE,
        _K.NOTICE_ACKNOWLEDGED,
        _K.ACKNOWLEDGEMENT_AWAITED,
        _K.CLOSURE_CONFIRMED,
        _K.CANCEL_REQUESTED,
        _K.CLOSED,
        _K.REOPENED,
    ),
    WorkItemFacts: (
        _K.WORK_ITEM_NEEDED,
        _K.WORK_ITEM_FORWARDED,
        _K.WORK_ITEM_OPENED,
        _K.WORK_ITEM_AWAKE,
        _K.WORK_ITEM_OVERDUE,
        _K.WORK_ITEM_UPDATED,
        _K.WORK_ITEM_SETTLED,
        _K.DECISION_MADE,
    ),
    UpdateFacts: (
        _K.UPDATE_RECORDED,
        _K.UPDATE_PENDING,
        _K.UPDATE_LATE,
        _K.UPDATE_UNUSABLE,
        _K.CANCELLATION_TOO_LATE,
    ),
    RunFacts: (
        _K.CLOSURE_POSTPONED,
        _K.RESOLUTION_FOUND,
        _K.RESOLUTION_RESENT,
        _K.WAIT_TAKEN_OVER,
        _K.RUN_RESTARTED,
        _K.PAUSED,
    ),
}
FACTS: Final[Mapping[EventKind, type[Facts]]] = MappingProxyType(
    {kind: facts for facts, kinds in _GROUPS.items() for kind in kinds}
)
"""What an event of each kind may say."""
