"""Is this resource what FHIR R4 says its type is? The model when it is, the issues when not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from referral_core.fhir.errors import FhirError, Issue, IssueCode
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.later_releases import r5_shapes
from referral_core.fhir.r4.modifiers import unknown_modifiers
from referral_core.fhir.r4.orders import (
    CareTeam,
    Claim,
    Coded,
    Condition,
    Consent,
    Definition,
    Encounter,
    RequestGroup,
    ServiceRequest,
    Task,
)
from referral_core.fhir.r4.parties import (
    Coverage,
    HealthcareService,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    RelatedPerson,
)

_MODELS: Final[Mapping[str, type[Resource]]] = {
    "ActivityDefinition": Definition,
    "CareTeam": CareTeam,
    "Claim": Claim,
    "Condition": Condition,
    "Consent": Consent,
    "Coverage": Coverage,
    "Encounter": Encounter,
    "ExplanationOfBenefit": Claim,
    "HealthcareService": HealthcareService,
    "Organization": Organization,
    "Patient": Patient,
    "PlanDefinition": Definition,
    "Practitioner": Practitioner,
    "PractitionerRole": PractitionerRole,
    "Procedure": Coded,
    "RelatedPerson": RelatedPerson,
    "RequestGroup": RequestGroup,
    "ServiceRequest": ServiceRequest,
    "Task": Task,
}
_MESSAGES: Final = frozenset(
    {
        *("Appointment", "Bundle", "Communication", "DiagnosticReport", "DocumentReference"),
        *("MessageHeader", "Observation", "Parameters", "Schedule", "Slot"),
    }
)
"""What is read of `messaging.py`, which is loaded when the first of them comes."""
_WANTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dict_type": "a JSON object",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_type": "a JSON object",
    "model_attributes_type": "a JSON object",
    "string_type": "a string",
    "tuple_type": "a JSON array",
}
_OWN: Final[Mapping[str, IssueCode]] = {"invalid-date": "value", "period-reversed": "invariant"}

R = TypeVar("R", bound=Resource)


def examine(resource: Json, path: str) -> Resource | list[Issue]:
    """Return the model of a resource, or what is wrong with it.

    A type that we do not read is accepted by its name alone.

    Args:
        resource: JSON as `body.read_resource` gives it.
        path: FHIRPath of the resource, for the issues.
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return [
            Issue(
                "error",
                "required",
                "missing-resource-type",
                f"{path}.resourceType",
                "Name the type of each resource in resourceType.",
            )
        ]
    stopping = list(unknown_modifiers(resource, path)) if kind in _MODELS.keys() | _MESSAGES else []
    stopping += r5_shapes(resource, path)
    try:
        model = _model_of(kind).model_validate(resource)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [*stopping, *(_issue(detail, path) for detail in details)]
    return stopping or model


def _model_of(kind: str) -> type[Resource]:
    if kind not in _MESSAGES:
        return _MODELS.get(kind, Resource)
    from referral_core.fhir.r4 import messaging  # noqa: PLC0415 - see _MESSAGES

    model: type[Resource] = getattr(messaging, kind)
    return model


def faults(resource: Json) -> list[tuple[int | str, ...]]:
    """Return the places where a resource that names its type is not what the type says."""
    try:
        _model_of(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        return [detail["loc"] for detail in error.errors(include_url=False, include_input=False)]
    return []


def require_type(resource: Json, wanted: str) -> None:
    """Raise unless a body is of the type wanted."""
    if resource["resourceType"] != wanted:
        raise FhirError(
            "wrong-resource-type",
            f"Send a {wanted} here.",
            expression="resourceType",
            code="structure",
            status=400,
        )


def expect(resource: Json, model: type[R]) -> R:
    """Return the model of a body that must be of one type.

    Raises:
        FhirError: 400, it is of another type or malformed.
    """
    require_type(resource, model.__name__)
    found = examine(resource, model.__name__)
    if isinstance(found, model):
        return found
    raise FhirError.of(found if isinstance(found, list) else ())


def _issue(detail: ErrorDetails, path: str) -> Issue:
    expression = path + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"]
    )
    own_code, code, diagnostics = _explained(detail)
    return Issue("error", code, own_code, expression, diagnostics)


def _explained(detail: ErrorDetails) -> tuple[str, IssueCode, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _OWN:
        return kind, _OWN[kind], detail["msg"]
    if kind == "missing":
        element = str(detail["loc"][-1])
        return f"missing-{_kebab(element)}", "required", f"Add {element}: FHIR R4 requires it."
    if kind == "literal_error":
        return "unknown-code", "code-invalid", f"Use one of {context['expected']}."
    if kind == "string_too_long":
        return "too-long", "too-long", f"Send at most {context['max_length']} characters here."
    if kind == "too_long":
        return "too-many", "too-long", f"Send at most {context['max_length']} of these."
    if kind == "too_short":
        return "missing-element", "required", "Send at least one here."
    if kind in _WANTED:
        return "wrong-type", "structure", f"Send {_WANTED[kind]} here."
    return "invalid-value", "value", "Send a value in the format that FHIR R4 gives this element."


def _kebab(camel: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", camel).lower()
