"""The kinds of update there are, and the roles of those who post them.

Their classes stand in `updates/`; who needs a name only (a policy, a route, a principal) loads none
of them.
"""

from enum import StrEnum


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
    CLINIC_CLOSED = "clinic-closed"
