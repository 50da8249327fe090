"""What may be told to a referral from outside, and who may tell it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import Field

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.model import Record


class Role(StrEnum):
    """What a principal is to its tenant."""

    EHR = "ehr"
    CLINIC = "clinic"
    PAYER = "payer"
    STAFF = "staff"
    PATIENT_CHANNEL = "patient-channel"
    ROUTER = "router"


class UpdateKind(StrEnum):
    """The kinds of update; each either asks for an action or only informs."""

    INFORMATION_SUPPLIED = "information-supplied"
    CANCEL = "cancel"
    ENTERED_IN_ERROR = "entered-in-error"
    CARE_ELSEWHERE = "care-elsewhere"
    PATIENT_GONE = "patient-gone"
    SUPERSEDED = "superseded"
    AUTHORIZATION_DECIDED = "authorization-decided"
    OFFER_ACCEPTED = "offer-accepted"
    OFFER_DECLINED = "offer-declined"
    PATIENT_REPLIED = "patient-replied"
    CONTACT_RECORDED = "contact-recorded"
    APPOINTMENT_BOOKED = "appointment-booked"
    APPOINTMENT_CANCELLED = "appointment-cancelled"
    PATIENT_NO_SHOW = "patient-no-show"
    VISIT_ATTENDED = "visit-attended"
    REPORT_RECEIVED = "report-received"
    SERVICE_ATTESTED = "service-attested"
    PROGRESS_NOTED = "progress-noted"
    NOTICE_DELIVERED = "notice-delivered"
    NOTICE_UNDELIVERABLE = "notice-undeliverable"
    NOTICE_ACKNOWLEDGED = "notice-acknowledged"
    DECISION = "decision"
    WORK_ITEM_UPDATED = "work-item-updated"
    DEADLINE = "deadline"


MAY_POST: Final[Mapping[UpdateKind, frozenset[Role]]] = MappingProxyType(
    {
        UpdateKind.INFORMATION_SUPPLIED: frozenset({Role.EHR, Role.STAFF}),
        UpdateKind.CANCEL: frozenset({Role.EHR, Role.STAFF}),
        UpdateKind.ENTERED_IN_ERROR: frozenset({Role.EHR}),
        UpdateKind.CARE_ELSEWHERE: frozenset({Role.EHR, Role.STAFF}),
        UpdateKind.PATIENT_GONE: frozenset({Role.EHR, Role.STAFF}),
        UpdateKind.SUPERSEDED: frozenset({Role.EHR}),
        UpdateKind.AUTHORIZATION_DECIDED: frozenset({Role.PAYER, Role.STAFF}),
        UpdateKind.OFFER_ACCEPTED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.OFFER_DECLINED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.PATIENT_REPLIED: frozenset({Role.PATIENT_CHANNEL, Role.STAFF}),
        UpdateKind.CONTACT_RECORDED: frozenset({Role.STAFF}),
        UpdateKind.APPOINTMENT_BOOKED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.APPOINTMENT_CANCELLED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.PATIENT_NO_SHOW: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.VISIT_ATTENDED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.REPORT_RECEIVED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.SERVICE_ATTESTED: frozenset({Role.CLINIC, Role.STAFF}),
        UpdateKind.PROGRESS_NOTED: frozenset({Role.CLINIC, Role.EHR, Role.STAFF}),
        UpdateKind.NOTICE_DELIVERED: frozenset({Role.ROUTER}),
        UpdateKind.NOTICE_UNDELIVERABLE: frozenset({Role.ROUTER}),
        UpdateKind.NOTICE_ACKNOWLEDGED: frozenset({Role.EHR, Role.STAFF}),
        UpdateKind.DECISION: frozenset({Role.STAFF}),
        UpdateKind.WORK_ITEM_UPDATED: frozenset({Role.STAFF}),
        UpdateKind.DEADLINE: frozenset({Role.ROUTER}),
    }
)

ENDS: Final[Mapping[UpdateKind, Outcome]] = MappingProxyType(
    {
        UpdateKind.CANCEL: Outcome.CANCELLED_BY_REFERRER,
        UpdateKind.ENTERED_IN_ERROR: Outcome.ENTERED_IN_ERROR,
        UpdateKind.CARE_ELSEWHERE: Outcome.CARE_RECEIVED_ELSEWHERE,
        UpdateKind.PATIENT_GONE: Outcome.DECEASED_OR_MOVED,
        UpdateKind.SUPERSEDED: Outcome.SUPERSEDED,
    }
)
"""What ends a referral from wherever it is, and with which outcome."""

ALWAYS_ACCEPTED: Final = frozenset(ENDS)
"""Every wait accepts these, whatever else it waits for."""

ONLY_INFORMS: Final = frozenset({UpdateKind.PROGRESS_NOTED, UpdateKind.WORK_ITEM_UPDATED})
"""Recorded at once; no wait ever uses these."""


class Update(Record):
    """One thing told to a referral.

    Attributes:
        id: unique per fact; the same id posted again changes nothing.
        actor: the principal's client id, `router` or `timer`; never a person's name.
        facts: small, typed by kind, free of PHI (dates, codes, numbers, hashes).
    """

    id: str
    kind: UpdateKind
    actor: str
    role: Role
    received_at: datetime
    facts: Mapping[str, str | int | bool | None] = Field(default_factory=dict)
