"""Builders: an offer as the router sends it, written out by hand from the contract."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
BASE = "http://partners/clinic/elm"


def an_entry(resource: Json) -> Json:
    name = f"{resource['resourceType']}/{resource['id']}"
    request = {"method": "PUT", "url": name}
    return {"fullUrl": f"{BASE}/{name}", "resource": resource, "request": request}


def a_task(task_id: str = "r1.b1", **fields: Any) -> Json:
    base: Json = {
        "resourceType": "Task",
        "id": task_id,
        "status": "requested",
        "intent": "order",
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]
        },
        "partOf": [{"reference": "Task/r1.a"}],
        "focus": {"reference": f"ServiceRequest/{task_id}"},
        "for": {"reference": "Patient/r1.r1"},
        "owner": {
            "type": "Practitioner",
            "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900032"},
        },
    }
    return {**base, **fields}


def an_offer(task_id: str = "r1.b1") -> Json:
    order = {
        "resourceType": "ServiceRequest",
        "id": task_id,
        "status": "active",
        "intent": "filler-order",
        "subject": {"reference": "Patient/r1.r1"},
        "requester": {"reference": "Practitioner/r1.r2"},
        "reasonReference": [{"reference": "https://ehr.example.org/fhir/Condition/1"}],
    }
    patient = {
        "resourceType": "Patient",
        "id": "r1.r1",
        "identifier": [{"system": "https://ehr.example.org/mrn", "value": "LS-10231"}],
        "name": [{"family": "Whitlock"}],
    }
    doctor = {"resourceType": "Practitioner", "id": "r1.r2"}
    resources = [a_task(task_id), order, patient, doctor]
    entries = [an_entry(resource) for resource in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def a_withdrawal(task_id: str = "r1.b1") -> Json:
    return {"resourceType": "Task", "id": task_id, "status": "cancelled", "intent": "order"}


def a_reminder(awaited: str, task_id: str = "r1.b1") -> Json:
    reason = {"coding": [{"system": "https://example.org/action", "code": f"{awaited}-awaited"}]}
    status = "requested" if awaited == "answer" else "in-progress"
    base = {"resourceType": "Task", "id": task_id, "status": status, "intent": "order"}
    return {**base, "statusReason": reason}
