"""What every update says, and the kinds there are; `domain/access/ownership.py` has who may."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.model import Model


class Role(StrEnum):
    """What a principal is to its tenant."""

    EHR = "ehr"
    CLINIC = "clinic"
    PAYER = "payer"
    STAFF = "staff"
    FINANCE = "finance"
    PATIENT_CHANNEL = "patient-channel"
    ROUTER = "router"


class UpdateKind(StrEnum):
    """The kinds of update."""

    INFORMATION_SUPPLIED = "information-supplied"
    CANCEL = "cancel"
    ENTERED_IN_ERROR = "entered-in-error"
    CARE_RECEIVED_ELSEWHERE = "care-received-elsewhere"
    DECEASED_OR_MOVED = "deceased-or-moved"
    SUPERSEDED = "superseded"
    AUTHORIZATION_DECIDED = "authorization-decided"
    OFFER_ACCEPTED = "offer-accepted"
    OFFER_DECLINED = "offer-declined"
    PATIENT_REPLIED = "patient-replied"
    CONTACT_RECORDED = "contact-recorded"
    APPOINTMENT_BOOKED = "appointment-booked"
    APPOINTMENT_CANCELLED = "appointment-cancelled"
    APPOINTMENT_NOSHOW = "appointment-noshow"
    APPOINTMENT_FULFILLED = "appointment-fulfilled"
    REPORT_RECEIVED = "report-received"
    SERVICE_ATTESTED = "service-attested"
    PROGRESS_NOTED = "progress-noted"
    NOTICE_DELIVERED = "notice-delivered"
    NOTICE_UNDELIVERABLE = "notice-undeliverable"
    NOTICE_ACKNOWLEDGED = "notice-acknowledged"
    DECISION = "decision"
    WORK_ITEM_UPDATED = "work-item-updated"
    DEADLINE = "deadline"
    PLACE_OPENED = "place-opened"


class Reported(Model):
    """What every update says.

    Attributes:
        id: unique per fact; the same id posted again changes nothing.
        actor: the principal's client id, `router` or `timer`; never a person's name.
        organization: the EHR, clinic or payer that the actor speaks for; empty for the router.
        comment: SHA-256 of the document that holds the sender's words, if there are any.
    """

    ends_with: ClassVar[Outcome | None] = None
    """The outcome of an update that ends a referral from wherever it is."""

    id: str
    kind: UpdateKind
    actor: str
    role: Role
    organization: str = ""
    received_at: datetime
    comment: str | None = None
