"""A message for the patient's portal, as a FHIR Communication: the EHR shows it to the patient."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from referral_core.domain.messages import Message
from referral_core.fhir.outbound.tasks import fhir_instant, organization
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import REFERRAL

_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/communication-category"


def portal_message(message: Message, sent: datetime) -> Json:
    """Make the Communication of a portal message.

    It is for the patient and no notice: category `instruction`, and nobody acknowledges it. An
    order that names its patient only within itself leaves the recipient to the order's identifier.

    Args:
        message: whose reference becomes the id.
        sent: when.
    """
    own = _identifier(REFERRAL, str(message.referral_id))
    about = [{"type": "ServiceRequest", "identifier": own}]
    if message.order is not None:
        system, _, value = message.order.rpartition("|")
        about.append({"type": "ServiceRequest", "identifier": _identifier(system, value)})
    patient = dict(message.patient) if message.patient else None
    return {
        "resourceType": "Communication",
        "id": message.reference,
        "language": message.language,
        "identifier": [_identifier(REFERRAL, message.reference)],
        "basedOn": about,
        "status": "completed",
        "category": [{"coding": [{"system": _CATEGORY, "code": "instruction"}]}],
        **({"topic": {"text": message.subject}} if message.subject else {}),
        **({"subject": patient, "recipient": [patient]} if patient else {}),
        "sent": fhir_instant(sent),
        "sender": organization(message.tenant),
        "payload": [{"contentString": message.body}],
    }


def _identifier(system: str, value: str) -> Json:
    return {**({"system": system} if system else {}), "value": value}
