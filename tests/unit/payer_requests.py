"""Builders: a payer, an inquiry and an authorization request; and where the real files are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from referral_core.domain.directory import Payer
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.payers.requests import AuthorizationRequest, EligibilityRequest

REAL_DATA = Path(__file__).resolve().parents[3] / "shared/data"
SENT_AT = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)


def a_payer(base_url: str = "http://127.0.0.1:1", **fields: Any) -> Payer:
    base: dict[str, Any] = {
        "tenant": Tenant("lakeside"),
        "id": "valley-plan",
        "name": "Valley Health Plan",
        "eligibility_url": f"{base_url}/payer/eligibility",
        "authorization_url": f"{base_url}/payer/fhir",
        "secret": "payer-token",
    }
    return Payer.model_validate({**base, **fields})


def an_inquiry(**fields: Any) -> EligibilityRequest:
    base: dict[str, Any] = {
        "trace": "r1-e2",
        "provider_npi": "1234567893",
        "provider_name": "Lakeside Health",
        "member_id": "W123456789",
        "family": "Rivera",
        "given": "Ana",
        "birth_date": date(1961, 4, 9),
        "gender": "female",
        "service_type": "98",
        "service_date": date(2026, 3, 2),
    }
    return EligibilityRequest.model_validate({**base, **fields})


def an_authorization_request(**fields: Any) -> AuthorizationRequest:
    base: dict[str, Any] = {
        "trace": "r1-a3",
        "referral_id": ReferralId("r1"),
        "created": SENT_AT,
        "urgent": False,
        "patient_family": "Rivera",
        "patient_given": "Ana",
        "birth_date": date(1961, 4, 9),
        "gender": "female",
        "member_id": "W123456789",
        "provider_organization": "Lakeside Health",
        "provider_npi": "1234567893",
        "performer_npi": "1245319599",
        "performer_name": "Jane Roe, MD",
        "service_system": "http://snomed.info/sct",
        "service_code": "183519002",
        "service_text": "Referral to cardiology service",
        "diagnoses": (("http://hl7.org/fhir/sid/icd-10-cm", "I48.91"),),
        "service_from": date(2026, 3, 2),
        "service_to": date(2026, 5, 31),
    }
    return AuthorizationRequest.model_validate({**base, **fields})
