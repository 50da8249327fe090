"""Is this resource what FHIR R4 says its type is? The model when it is, the issues when not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from referral_core.fhir.errors import FhirError, Issue, IssueCode
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.kinds import (
    CARE_TEAM,
    CLAIM,
    CONSENT,
    DEFINITION,
    ENCOUNTER,
    HEALTHCARE_SERVICE,
    RELATED_PERSON,
    REQUEST_GROUP,
    TASK,
    Kind,
)
from referral_core.fhir.r4.later_releases import r5_shapes
from referral_core.fhir.r4.modifiers import unknown_modifiers
from referral_core.fhir.r4.orders import Coded, Condition, ServiceRequest
from referral_core.fhir.r4.parties import (
    Coverage,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
)

_MODELS: Final[Mapping[str, type[Resource]]] = {
    "Condition": Condition,
    "Coverage": Coverage,
    "Organization": Organization,
    "Patient": Patient,
    "Practitioner": Practitioner,
    "PractitionerRole": PractitionerRole,
    "Procedure": Coded,
    "ServiceRequest": ServiceRequest,
}
_MESSAGES: Final = (
    *("Appointment", "Bundle", "Communication", "DiagnosticReport", "DocumentReference"),
    *("MessageHeader", "Observation", "Parameters", "Schedule", "Slot"),
)
_LATER: Final[Mapping[str, Kind[Any]]] = {
    "ActivityDefinition": DEFINITION,
    "CareTeam": CARE_TEAM,
    "Claim": CLAIM,
    "Consent": CONSENT,
    "Encounter": ENCOUNTER,
    "ExplanationOfBenefit": CLAIM,
    "HealthcareService": HEALTHCARE_SERVICE,
    "PlanDefinition": DEFINITION,
    "RelatedPerson": RELATED_PERSON,
    "RequestGroup": REQUEST_GROUP,
    "Task": TASK,
    **{name: Kind("messaging", name) for name in _MESSAGES},
}
READ: Final = frozenset({*_MODELS, *_LATER})
"""The types that have a model of their own; any other is read as a `Resource`."""
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
    stopping = list(unknown_modifiers(resource, path)) if kind in READ else []
    stopping += r5_shapes(resource, path)
    try:
        model = model_of(kind).model_validate(resource)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [*stopping, *(_issue(detail, path) for detail in details)]
    return stopping or model


def model_of(kind: str) -> type[Resource]:
    """Return the model by which resources of a type are read."""
    later = _LATER.get(kind)
    return later.model() if later else _MODELS.get(kind, Resource)


def faults(resource: Json) -> list[tuple[int | str, ...]]:
    """Return the places where a resource that names its type is not what the type says."""
    try:
        model_of(resource["resourceType"]).model_validate(resource)
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
