"""The CapabilityStatement: what the API does, no more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from referral_core.fhir.body import Json
from referral_core.fhir.systems import OPERATION
from referral_core.fhir.tasks import fhir_instant

_OAUTH: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

_RESOURCES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    (
        "ServiceRequest",
        ("create", "update", "read", "search-type"),
        "Created and updated by its author only. If-None-Exist takes identifier=system|value.",
    ),
    (
        "Task",
        ("update", "read", "search-type"),
        "Task <id>.a coordinates a referral; Task <id>.b1 is the first offer to a clinic.",
    ),
    (
        "Appointment",
        ("create", "update"),
        "The clinic books, and says whether the patient came.",
    ),
    ("DocumentReference", ("create",), "The clinic's report, inline or by its address."),
    ("DiagnosticReport", ("create",), "The result of a diagnostic service, with its text."),
    ("ClaimResponse", ("create",), "The payer's decision on a request that it pended."),
    ("Communication", ("create",), "The EHR acknowledges a notice."),
)
_OPERATIONS: Final = {
    "available-actions": "GET: what staff may do with the referral now, and why it waits.",
    "reopen": "POST: a closed referral goes on as its next run; the closure stays on record.",
}
_SEARCH: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ServiceRequest": (("_id", "token"), ("identifier", "token")),
    "Task": (
        ("_id", "token"),
        ("focus", "reference"),
        ("owner", "reference"),
        ("status", "token"),
    ),
}


def capability_statement(base_url: str, version: str, date: datetime, token_url: str) -> Json:
    """Make the CapabilityStatement.

    Args:
        base_url: of the FHIR endpoint.
        version: of the software.
        date: when the software was released or deployed.
        token_url: where a client gets its OAuth2 token.
    """
    security = {
        "extension": [{"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]}],
        "service": [{"coding": [{"system": _OAUTH, "code": "OAuth"}]}],
        "description": "OAuth2 client credentials; scopes referrals/write and referrals/read.",
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": fhir_instant(date),
        "kind": "instance",
        "software": {"name": "Referral Router", "version": version},
        "implementation": {"description": "Closed-loop referral router", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": security,
                "resource": [_resource(*row) for row in _RESOURCES],
                "interaction": [{"code": "transaction"}],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": (
                            "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
                        ),
                    }
                ],
            }
        ],
    }


def _resource(kind: str, interactions: tuple[str, ...], documentation: str) -> Json:
    search = [{"name": name, "type": of} for name, of in _SEARCH.get(kind, ())]
    resource: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "documentation": documentation,
    }
    if "read" in interactions:
        resource["versioning"] = "versioned"
    if kind == "ServiceRequest":
        resource["conditionalCreate"] = True
        resource["operation"] = [
            {"name": name, "definition": f"{OPERATION}/{name}", "documentation": text}
            for name, text in _OPERATIONS.items()
        ]
    return {**resource, "searchParam": search} if search else resource
