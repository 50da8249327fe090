"""Builders: what clinic and EHR send about a referral under way."""

from __future__ import annotations

import base64
from typing import Any

from referral_core.domain.directory import Practitioner
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.referral import Offer, Referral
from referral_core.entrypoints.http.orders.stored import payload_of
from referral_core.fhir.intake.orders import Intake
from tests.unit.builders import TENANT, a_referral
from tests.unit.fhir.orders import Json

REPORT = b"%PDF-1.7 consult note"


def a_task(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Task",
        "id": "r1.b1",
        "status": "accepted",
        "intent": "order",
        "statusReason": {"coding": [{"system": "s", "code": "full"}], "text": "No slots"},
    }
    return {**base, **fields}


def a_visit(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Appointment",
        "status": "booked",
        "start": "2026-03-09T10:00:00-05:00",
        "end": "2026-03-09T10:30:00-05:00",
        "basedOn": [{"reference": "ServiceRequest/r1.b1"}],
        "participant": [{"status": "accepted", "actor": {"display": "Clinic"}}],
    }
    return {**base, **fields}


def a_document(**fields: Any) -> Json:
    attachment = {"contentType": "application/pdf", "data": base64.b64encode(REPORT).decode()}
    base: Json = {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "content": [{"attachment": attachment}],
        "context": {"related": [{"reference": "ServiceRequest/r1"}]},
    }
    return {**base, **fields}


def an_acknowledgement(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Communication",
        "status": "completed",
        "inResponseTo": [{"reference": "Communication/r1.n1"}],
        "received": "2026-03-10T09:00:00-05:00",
    }
    return {**base, **fields}


def a_performer() -> Practitioner:
    return Practitioner(
        tenant=TENANT,
        npi="1999900032",
        name="Dr. Iris Vandermeer",
        specialty="207N00000X",
        organization="skin-clinic",
        networks=("*",),
        tier=1,
        latitude=42.3,
        longitude=-71.8,
        weekly_capacity=5,
        clinic_url="https://clinic.example.org/fhir",
        secret="clinic-token",
    )


def an_offer(number: int = 1, **fields: Any) -> Offer:
    base: dict[str, Any] = {
        "number": number,
        "npi": "1999900032",
        "organization": "skin-clinic",
        "specialty": "207N00000X",
        "reservation": None,
        "decision": 1,
    }
    return Offer.model_validate({**base, **fields})


def a_payload(intake: Intake) -> ClinicalPayload:
    return payload_of(intake, "ab" * 32)


def a_payload_with(resources: dict[str, Json]) -> ClinicalPayload:
    return ClinicalPayload(
        service_request={},
        resources=resources,
        content=ClinicalContent(),
        source_sha256="",
        content_hash="",
    )


def an_offered_referral(**fields: Any) -> Referral:
    return a_referral(**{"status": "offered", "offers": (an_offer(),), **fields})
