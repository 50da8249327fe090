"""What a clinic is told when an offer is taken back: its Task, cancelled, with the reason."""

from __future__ import annotations

from typing import Final

from referral_core.domain.network import Practitioner
from referral_core.fhir.body import Json
from referral_core.fhir.systems import OUTCOME, REFERRAL
from referral_core.fhir.tasks import practitioner as practitioner_reference

_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"


def withdrawal(task_id: str, performer: Practitioner, reason: str) -> Json:
    """Make the cancelled Task B.

    Args:
        task_id: of the offer.
        performer: whom it was offered to.
        reason: the outcome that makes the visit unnecessary; a code, never a text.
    """
    return {
        "resourceType": "Task",
        "id": task_id,
        "identifier": [{"system": REFERRAL, "value": task_id}],
        "status": "cancelled",
        "statusReason": {"coding": [{"system": OUTCOME, "code": reason}]},
        "intent": "order",
        "code": {"coding": [{"system": _TASK_CODE, "code": "abort"}]},
        "owner": practitioner_reference(performer.npi, performer.name),
    }
