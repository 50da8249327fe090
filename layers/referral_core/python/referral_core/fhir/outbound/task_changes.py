"""What a clinic is sent of its Task besides the offer: taken back, or something is awaited."""

from __future__ import annotations

from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.fhir.ids import own_id, task_a_id
from referral_core.fhir.outbound.tasks import practitioner as practitioner_reference
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import ACTION, OUTCOME, REFERRAL

_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"


def withdrawal(task_id: str, performer: Practitioner, reason: str) -> Json:
    """Make the cancelled Task B.

    Args:
        task_id: of the offer.
        performer: whom it was offered to.
        reason: the outcome that makes the visit unnecessary; a code, never a text.
    """
    return {
        **_task(task_id, performer, "abort"),
        "status": "cancelled",
        "statusReason": {"coding": [{"system": OUTCOME, "code": reason}]},
    }


def reminder(task_id: str, performer: Practitioner, awaited: str) -> Json:
    """Make Task B as it stands, with what is awaited of the clinic.

    Args:
        task_id: of the offer.
        performer: whom it was offered to.
        awaited: `answer`, `booking` or `report`.
    """
    status = {"answer": "requested", "booking": "accepted"}.get(awaited, "in-progress")
    return {
        **_task(task_id, performer, "fulfill"),
        "status": status,
        "statusReason": {"coding": [{"system": ACTION, "code": f"{awaited}-awaited"}]},
    }


def _task(task_id: str, performer: Practitioner, code: str) -> Json:
    """Make what the Task keeps of the offer: a PUT replaces all that the clinic has of it."""
    own = own_id(task_id)
    whole = {"partOf": [{"reference": f"Task/{task_a_id(own.referral_id)}"}]} if own else {}
    return {
        "resourceType": "Task",
        "id": task_id,
        "identifier": [{"system": REFERRAL, "value": task_id}],
        "intent": "order",
        "code": {"coding": [{"system": _TASK_CODE, "code": code}]},
        **whole,
        "focus": {"reference": f"ServiceRequest/{task_id}"},
        "owner": practitioner_reference(performer.npi, performer.name),
    }
