"""The router's Tasks: A coordinates the referral, B asks one clinic to see the patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from referral_core.domain.referral import Offer, Referral, ReservedSlot
from referral_core.domain.work_items.told_outside import told_outside
from referral_core.fhir.ids import binary_id, task_a_id, task_b_id
from referral_core.fhir.outbound.task_status import (
    TaskView,
    business_status,
    coordination_view,
    offer_view,
    outcome_concept,
    spoken,
)
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import (
    EVIDENCE,
    LOINC,
    NPI,
    ORGANIZATION,
    REFERRAL,
    SLOT,
    TASK_CODE,
    TASK_INPUT,
    TEAM,
)


def task_a(referral: Referral, service_request: Mapping[str, Any] | None = None) -> Json:
    """Make the coordination Task: where the referral stands, why, who owns it, until when.

    Args:
        referral: the projection.
        service_request: the EHR's order, to name the patient; left out where nobody needs it.
    """
    team = {"system": TEAM, "value": referral.queue.value}
    task = _task(referral, task_a_id(referral.id), coordination_view(referral))
    task["identifier"] = [{"system": REFERRAL, "value": referral.id}]
    task["focus"] = {"reference": f"ServiceRequest/{referral.id}"}
    task["authoredOn"] = fhir_instant(referral.received_at)
    task["requester"] = organization(referral.referrer)
    task["owner"] = {
        "type": "CareTeam",
        "identifier": team,
        "display": spoken(referral.queue.value),
    }
    task["input"] = [_input("missing-information", fact) for fact in referral.missing]
    task["output"] = [_report(referral)] if referral.report else []
    return _finished(task, service_request)


def task_b(
    referral: Referral,
    offer: Offer,
    performer: str | None = None,
    service_request: Mapping[str, Any] | None = None,
) -> Json:
    """Make the performer's Task of one offer.

    Args:
        referral: the projection.
        offer: one of its offers.
        performer: the practitioner's name.
        service_request: the EHR's order, to name the patient.
    """
    task_id = task_b_id(referral.id, offer.number)
    task = _task(referral, task_id, offer_view(referral, offer))
    task["identifier"] = [{"system": REFERRAL, "value": task_id}]
    task["basedOn"] = [{"reference": f"ServiceRequest/{referral.id}"}]
    task["partOf"] = [{"reference": f"Task/{task_a_id(referral.id)}"}]
    task["focus"] = {"reference": f"ServiceRequest/{task_id}"}
    task["requester"] = organization(referral.tenant)
    task["owner"] = practitioner(offer.npi, performer)
    known, slot = referral.authorization, offer.reservation.slot if offer.reservation else None
    task["input"] = [_reserved(slot)] if slot else []
    if known is not None and known.number and known.performer == offer.npi:
        task["input"].append(_input("authorization-number", known.number))
    return _finished(task, service_request)


def practitioner(npi: str, name: str | None = None) -> Json:
    """Refer to a practitioner by NPI."""
    reference: Json = {"type": "Practitioner", "identifier": {"system": NPI, "value": npi}}
    return {**reference, "display": name} if name else reference


def organization(own_id: str) -> Json:
    """Refer to a tenant, EHR system or clinic by the id it has with us."""
    return {"type": "Organization", "identifier": {"system": ORGANIZATION, "value": own_id}}


def fhir_instant(at: datetime) -> str:
    """Write an instant as FHIR does, in UTC to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def version_meta(referral: Referral) -> Json:
    """Make the meta of a resource that changes with its referral."""
    return {
        "versionId": str(referral.version),
        "lastUpdated": fhir_instant(referral.updated_at),
    }


def patient_reference(service_request: Mapping[str, Any]) -> Json | None:
    """Return a reference to the patient that holds outside the order, by identifier if need be."""
    subject = service_request.get("subject", {})
    literal = subject.get("reference", "")
    if literal and not literal.startswith(("#", "urn:")):
        return {"reference": literal}
    patient = next(
        (r for r in service_request.get("contained", ()) if literal == f"#{r.get('id')}"), subject
    )
    identifier = patient.get("identifier")
    first = identifier[0] if isinstance(identifier, list) else identifier
    return {"type": "Patient", "identifier": first} if first else None


def _task(referral: Referral, task_id: str, view: TaskView) -> Json:
    reason: Json = {"text": told_outside(referral.status_reason)}
    if referral.outcome is not None:
        reason = {**outcome_concept(referral.outcome), **reason}
    return {
        "resourceType": "Task",
        "id": task_id,
        "meta": version_meta(referral),
        "status": view.task,
        "statusReason": reason,
        "businessStatus": business_status(referral, view),
        "intent": "order",
        "priority": referral.priority,
        "code": {"coding": [{"system": TASK_CODE, "code": "fulfill"}]},
        "lastModified": fhir_instant(referral.updated_at),
        **(
            {}
            if referral.is_closed
            else {"restriction": {"period": {"end": fhir_instant(referral.due_at)}}}
        ),
    }


def _finished(task: Json, service_request: Mapping[str, Any] | None) -> Json:
    patient = patient_reference(service_request) if service_request else None
    if patient is not None:
        task["for"] = patient
    return {name: value for name, value in task.items() if value not in ([], None)}


def _input(code: str, value: str) -> Json:
    concept = {"coding": [{"system": TASK_INPUT, "code": code, "display": spoken(code)}]}
    return {"type": concept, "valueString": value}


def _reserved(slot: ReservedSlot) -> Json:
    """Say which of the clinic's slots is reserved; its time, as the clinic's clock shows it."""
    concept = {"coding": [{"system": TASK_INPUT, "code": "slot", "display": spoken("slot")}]}
    time = f"{slot.start.isoformat(timespec='minutes')}/{slot.end.isoformat(timespec='minutes')}"
    return {
        "type": concept,
        "valueReference": {
            "type": "Slot",
            "identifier": {"system": SLOT, "value": slot.id},
            "display": time,
        },
    }


def _report(referral: Referral) -> Json | None:
    report = referral.report
    if report is None:
        return None
    return {
        "type": {"coding": [{"system": LOINC, "code": report.loinc}]},
        "valueReference": {
            "reference": f"Binary/{binary_id(referral.id, report.sha256)}",
            "type": "Binary",
            "identifier": {"system": EVIDENCE, "value": report.sha256},
        },
    }
