"""Builders: an order as an EHR sends it, with only what the test is about spelled out."""

from __future__ import annotations

import json
from typing import Any, Literal

from referral_core.fhir.intake.orders import Intake, read_referrals
from tests.unit.builders import NOW

FHIR_JSON = "application/fhir+json"
PLACER = {
    "type": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}]
    },
    "system": "https://ehr.example.org/orders",
    "value": "A-1",
}

Json = dict[str, Any]
COMPLETE: Json = {
    "performerType": {
        "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}]
    },
    "code": {"text": "Consultation"},
    "reasonCode": [{"text": "Rash"}],
    "requester": {"display": "Dr. Helen Marsh"},
}
"""What makes `an_order` complete, for dermatology."""
URGENT_BY_POINTER: list[Json] = [{"op": "replace", "path": "/priority", "value": "urgent"}]
URGENT_BY_PATH: Json = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "ServiceRequest.priority"},
                {"name": "value", "valueCode": "urgent"},
            ],
        }
    ],
}
"""The same as a JSON Patch and as a FHIRPath Patch."""


def a_patient(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Patient",
        "id": "pat",
        "name": [{"family": "Whitlock", "given": ["Marjorie", "Ann"]}],
        "telecom": [{"system": "phone", "value": "(508) 555-0131"}],
        "gender": "female",
        "birthDate": "1961-04-17",
    }
    return {**base, **fields}


def a_coverage(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Coverage",
        "id": "cov",
        "status": "active",
        "subscriberId": "M-1",
        "beneficiary": {"reference": "#pat"},
        "payor": [{"display": "Harbor Health Plan"}],
    }
    return {**base, **fields}


def an_order(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "ServiceRequest",
        "contained": [a_patient(), a_coverage()],
        "identifier": [PLACER],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "#pat"},
        "insurance": [{"reference": "#cov"}],
    }
    return without_none({**base, **fields})


def a_bundle(*resources: Json, kind: str = "collection") -> Json:
    """Make a Bundle; a resource's fullUrl is made of its id."""
    entries: list[Json] = []
    for resource in resources:
        entry: Json = {"resource": resource}
        if "id" in resource:
            entry["fullUrl"] = (
                f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource['id']}"
            )
        if kind == "transaction":
            entry["request"] = {"method": "POST", "url": resource["resourceType"]}
        entries.append(entry)
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def bundled_order(**fields: Any) -> tuple[Json, Json, Json]:
    """Make an order, its patient and its coverage as three entries of a Bundle."""
    order = an_order(contained=None, subject={"reference": "Patient/pat"}, insurance=None, id="o1")
    coverage = a_coverage(beneficiary={"reference": "Patient/pat"})
    return without_none({**order, **fields}), a_patient(), coverage


def sent(resource: Any) -> bytes:
    return json.dumps(resource).encode()


def read(
    resource: Json, kind: Literal["resource", "bundle", "message"] | None = None
) -> list[Intake]:
    """Read a resource the way that its type is posted."""
    if kind is None:
        kind = "resource" if resource["resourceType"] == "ServiceRequest" else "bundle"
    return read_referrals(sent(resource), FHIR_JSON, kind, NOW)


def read_one(resource: Json) -> Intake:
    (intake,) = read(resource)
    return intake


def without_none(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
