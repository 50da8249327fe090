"""What leaves for others: a message to a patient, an offer to a clinic; and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.referral import Referral


class Message(Model):
    """One message to one patient. PHI.

    Attributes:
        referral_id: None where it answers somebody who belongs to none.
        to: E.164 for sms and voice; an address for email; name and postal lines, newline
            separated, for a letter; the EHR system's id for the portal.
        language: of the text, ISO 639-1.
        reference: marks referral and attempt (`-c`) or reminder, without PHI.
        patient: for the portal, a FHIR Reference to the patient that holds outside the order.
        order: for the portal, the placer's identifier of the order (`system|value`).
        sender: for sms and voice, the number or pool of the tenant's own; None: the cell's.
    """

    tenant: Tenant
    referral_id: ReferralId | None
    channel: Channel
    to: str
    subject: str | None = None
    body: str
    language: str = "en"
    reference: str
    patient: Mapping[str, Any] | None = None
    order: str | None = None
    sender: str | None = None


class DeliveryUnknown(Exception):
    """The message may or may not have been sent: a person must look."""


class OfferedReferral(Model):
    """What the clinic is offered: the referral, whom it is for, and the clinical content. PHI.

    Attributes:
        task_id: of the offer; a repeat with it is the same offer.
    """

    referral: Referral
    task_id: str
    performer: Practitioner
    payload: ClinicalPayload
