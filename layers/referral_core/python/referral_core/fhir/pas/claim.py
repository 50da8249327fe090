"""Asking for prior authorization: the Da Vinci PAS request Bundle (2.0.1 and 2.2.1 alike).

The Bundle stands alone: its references resolve inside it, and its ids are made from the trace, so
that a request sent twice is the same Bundle twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from referral_core.domain.directory import Payer
from referral_core.domain.payers.requests import AuthorizationRequest
from referral_core.fhir.outbound.redisclosure import labelled
from referral_core.fhir.pas.parties import PAS, TERMINOLOGY, Json, parties, profile, reference, x12
from referral_core.fhir.systems import ICD10
from referral_core.x12.trace import originator

_BASE: Final = "https://referral-router.org/fhir"
TRACE_SYSTEM: Final = f"{_BASE}/trace"

_PLACE_OF_SERVICE: Final = (
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
)
_REQUEST_TYPES: Final = {
    "AR": "Admission Review",
    "HS": "Health Services Review",
    "SC": "Specialty Care Review",
}
_SERVICE_TYPES: Final = "https://codesystem.x12.org/005010/1365"
_SERVICE_SYSTEMS: Final = frozenset(
    {
        "http://www.ama-assn.org/go/cpt",
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        _SERVICE_TYPES,
    }
)
"""PAS binds the requested service to these; a code of another system goes beside one of them."""
_DIAGNOSIS_SYSTEMS: Final = frozenset({ICD10, f"{TERMINOLOGY}/icd9cm"})
"""PAS binds Claim.diagnosis to these; other codings still reach the payer as reasonCode."""


def claim_bundle(request: AuthorizationRequest, payer: Payer) -> Json:
    """Make the Bundle for `Claim/$submit`: the Claim first, then all it refers to."""
    resources = (_claim(request), *parties(request, payer), _service_request(request))
    return {
        "resourceType": "Bundle",
        "meta": labelled(profile("pas-request-bundle"), request.discloses),
        "identifier": {"system": TRACE_SYSTEM, "value": request.trace},
        "type": "collection",
        "timestamp": request.created.isoformat(),
        "entry": [_entry(request.trace, resource) for resource in resources],
    }


def _claim(request: AuthorizationRequest) -> Json:
    urgent = [_coded("levelOfServiceCode", x12("1338", "U", "Urgent"))]
    diagnoses = [
        {"sequence": number, "diagnosisCodeableConcept": {"coding": [coding]}}
        for number, coding in enumerate(_diagnoses(request, _DIAGNOSIS_SYSTEMS), start=1)
    ]
    return {
        "resourceType": "Claim",
        "meta": profile("claim"),
        **({"extension": urgent} if request.urgent else {}),
        "identifier": [
            {"system": f"urn:trnorg:{originator(request.provider_npi)}", "value": request.trace}
        ],
        "status": "active",
        "type": {"coding": [{"system": f"{TERMINOLOGY}/claim-type", "code": "professional"}]},
        "use": "preauthorization",
        "patient": reference("Patient"),
        "created": request.created.isoformat(),
        "insurer": reference("Organization.insurer"),
        "provider": reference("Organization.requestor"),
        "priority": {
            "coding": [
                {
                    "system": f"{TERMINOLOGY}/processpriority",
                    "code": "stat" if request.urgent else "normal",
                }
            ]
        },
        "careTeam": [
            {
                "extension": [{"url": f"{PAS}/extension-careTeamClaimScope", "valueBoolean": True}],
                "sequence": 1,
                "provider": reference("PractitionerRole"),
                "role": x12("98", "SJ", "Service Provider"),
            }
        ],
        **({"diagnosis": diagnoses} if diagnoses else {}),
        "insurance": [{"sequence": 1, "focal": True, "coverage": reference("Coverage")}],
        "item": [_item(request, [diagnosis["sequence"] for diagnosis in diagnoses])],
    }


def _item(request: AuthorizationRequest, diagnosis_sequence: list[Any]) -> Json:
    kind = x12("1525", request.request_type, _REQUEST_TYPES[request.request_type])
    return {
        "extension": [
            _coded("serviceItemRequestType", kind),
            _coded("certificationType", x12("1322", "I", "Initial")),
            {
                "url": f"{PAS}/extension-requestedService",
                "valueReference": reference("ServiceRequest"),
            },
        ],
        "sequence": 1,
        "careTeamSequence": [1],
        **({"diagnosisSequence": diagnosis_sequence} if diagnosis_sequence else {}),
        "category": x12("1365", request.service_type),
        "productOrService": _service(request),
        "servicedPeriod": {
            "start": request.service_from.isoformat(),
            "end": request.service_to.isoformat(),
        },
        "locationCodeableConcept": {"coding": [{"system": _PLACE_OF_SERVICE, "code": "11"}]},
    }


def _service(request: AuthorizationRequest) -> Json:
    codings: list[Json] = []
    if request.service_system not in _SERVICE_SYSTEMS or not request.service_code:
        codings.append({"system": _SERVICE_TYPES, "code": request.service_type})
    if request.service_system and request.service_code:
        codings.append({"system": request.service_system, "code": request.service_code})
    return {"coding": codings, "text": request.service_text}


def _service_request(request: AuthorizationRequest) -> Json:
    reasons = [{"coding": [coding]} for coding in _diagnoses(request)]
    return {
        "resourceType": "ServiceRequest",
        "meta": profile("servicerequest"),
        "status": "active",
        "intent": "order",
        "code": _service(request),
        "subject": reference("Patient"),
        "authoredOn": request.created.isoformat(),
        "requester": reference("Organization.requestor"),
        "performer": [reference("PractitionerRole")],
        **({"reasonCode": reasons} if reasons else {}),
    }


def _diagnoses(
    request: AuthorizationRequest, systems: frozenset[str] | None = None
) -> list[dict[str, str]]:
    return [
        {"system": system, "code": code}
        for system, code in dict.fromkeys(request.diagnoses)
        if systems is None or system in systems
    ]


def _entry(trace: str, resource: Json) -> Json:
    """Give a resource its lasting identity and turn names into references."""
    name = resource["resourceType"]
    url = _url(trace, f"{name}.{resource['id']}" if "id" in resource else name)
    return {
        "fullUrl": f"{_BASE}/{url}",
        "resource": {**_resolved(trace, resource), "id": url.partition("/")[2]},
    }


def _resolved(trace: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_resolved(trace, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _url(trace, item) if key == "reference" else _resolved(trace, item)
        for key, item in value.items()
    }


def _url(trace: str, name: str) -> str:
    return f"{name.partition('.')[0]}/{uuid5(NAMESPACE_URL, f'{TRACE_SYSTEM}/{trace}/{name}')}"


def _coded(name: str, concept: Json) -> Json:
    return {"url": f"{PAS}/extension-{name}", "valueCodeableConcept": concept}
