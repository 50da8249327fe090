"""Who takes part in a PAS request: patient, coverage, insurer, requestor and performer.

References are written by name here (`Patient`, `Organization.insurer`); claim.py turns them
into references.
"""

from __future__ import annotations

from typing import Any, Final

from referral_core.domain.directory import Payer
from referral_core.domain.payers.requests import AuthorizationRequest
from referral_core.fhir.systems import IDENTIFIER_TYPE, NPI

PAS: Final = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"

_OWN: Final = "https://referral-router.org/fhir"
_X12: Final = "https://codesystem.x12.org/005010"
_C4BB_IDENTIFIER: Final = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"
_DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_RELATIONSHIPS: Final = {"self": "18", "spouse": "01", "child": "19", "common": "53"}
_OTHER: Final = "G8"
_UNKNOWN: Final = "unknown"

Json = dict[str, Any]


def parties(request: AuthorizationRequest, payer: Payer) -> tuple[Json, ...]:
    """Make the resources of all who take part."""
    return (
        _organization("requestor", request.provider_organization, _npi(request.provider_npi), "1P"),
        _organization("insurer", payer.name, _payer(payer), "PR"),
        _coverage(request, payer),
        _patient(request, payer),
        *_subscriber(request, payer),
        _performer_role(request),
        _performer(request),
    )


def reference(name: str) -> Json:
    """Refer to another resource of the Bundle by its name."""
    return {"reference": name}


def profile(name: str) -> Json:
    """Return a `meta` that claims a PAS profile."""
    return {"profile": [f"{PAS}/profile-{name}"]}


def x12(data_element: str, code: str, display: str | None = None) -> Json:
    """Return a CodeableConcept of an X12 code list."""
    shown = {"display": display} if display else {}
    return {"coding": [{"system": f"{_X12}/{data_element}", "code": code, **shown}]}


def _coverage(request: AuthorizationRequest, payer: Payer) -> Json:
    owner = request.subscriber
    relationship = owner.relationship if owner else "self"
    return {
        "resourceType": "Coverage",
        "meta": profile("coverage"),
        "identifier": [_member(request, payer)],
        "status": "active",
        **({"subscriber": reference("Patient.subscriber")} if owner else {}),
        "subscriberId": request.member_id,
        "beneficiary": reference("Patient"),
        "relationship": {
            "coding": [
                {"system": f"{TERMINOLOGY}/subscriber-relationship", "code": relationship},
                {"system": f"{_X12}/1069", "code": _RELATIONSHIPS.get(relationship, _OTHER)},
            ]
        },
        "payor": [reference("Organization.insurer")],
    }


def _subscriber(request: AuthorizationRequest, payer: Payer) -> tuple[Json, ...]:
    """Make the subscriber, who is a person of their own where the patient is a dependent."""
    owner = request.subscriber
    if owner is None:
        return ()
    born = {"birthDate": owner.birth_date.isoformat()} if owner.birth_date else {}
    return (
        {
            "resourceType": "Patient",
            "id": "subscriber",
            "meta": profile("subscriber"),
            "identifier": [_member(request, payer)],
            "name": [_human_name(owner.family or _UNKNOWN, owner.given or "", owner.suffix)],
            "gender": owner.gender or "unknown",
            **born,
        },
    )


def _human_name(family: str, given: str, suffix: str | None) -> Json:
    names = {"family": family, "given": [given], "suffix": [suffix or ""]}
    return {part: value for part, value in names.items() if value not in ("", [""])}


def _patient(request: AuthorizationRequest, payer: Payer) -> Json:
    return {
        "resourceType": "Patient",
        "meta": profile("beneficiary"),
        "identifier": [_member(request, payer)],
        "name": [
            _human_name(request.patient_family, request.patient_given, request.patient_suffix)
        ],
        "gender": request.gender or "unknown",
        "birthDate": request.birth_date.isoformat(),
    }


def _performer_role(request: AuthorizationRequest) -> Json:
    # US Core wants a contact; the directory has none, and says so in the standard's own way.
    absent = {"extension": [{"url": _DATA_ABSENT, "valueCode": "unknown"}]}
    return {
        "resourceType": "PractitionerRole",
        "meta": profile("practitionerrole"),
        "practitioner": {**reference("Practitioner"), "display": request.performer_name},
        "telecom": [{"system": "phone", "_value": absent}],
    }


def _performer(request: AuthorizationRequest) -> Json:
    family = request.performer_name.partition(",")[0].split()[-1:]
    return {
        "resourceType": "Practitioner",
        "meta": profile("practitioner"),
        "identifier": [_npi(request.performer_npi)],
        "name": [{"text": request.performer_name, "family": "".join(family)}],
    }


def _organization(role: str, name: str, identifier: Json, x12_role: str) -> Json:
    return {
        "resourceType": "Organization",
        "id": role,
        "meta": profile(role),
        "identifier": [identifier],
        "active": True,
        "type": [x12("98", x12_role)],
        "name": name,
    }


def _npi(npi: str) -> Json:
    return {"system": NPI, "value": npi}


def _member(request: AuthorizationRequest, payer: Payer) -> Json:
    return {
        "type": {"coding": [{"system": IDENTIFIER_TYPE, "code": "MB"}]},
        "system": f"{_OWN}/member/{payer.id}",
        "value": request.member_id,
    }


def _payer(payer: Payer) -> Json:
    return {
        "type": {"coding": [{"system": _C4BB_IDENTIFIER, "code": "payerid"}]},
        "system": f"{_OWN}/payer",
        "value": payer.id,
    }
