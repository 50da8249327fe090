"""What FHIR R5 writes otherwise than R4 is named as such: R4 would read it as nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from referral_core.fhir.errors import Issue
from referral_core.fhir.parse import Json

_REASON: Final = "reasonCode (CodeableConcept) or reasonReference (Reference)"
_INSTEAD: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ServiceRequest": {
            "code.concept": "code as a CodeableConcept: {coding, text}",
            "code.reference": "code as a CodeableConcept: {coding, text}",
            "reason": _REASON,
            "orderDetail.parameter": "orderDetail as CodeableConcepts: {coding, text}",
            "orderDetail.parameterFocus": "orderDetail as CodeableConcepts: {coding, text}",
            "supportingInfo.concept": "supportingInfo as References",
            "supportingInfo.reference.reference": "supportingInfo as References",
            "location": "locationCode (CodeableConcept) or locationReference (Reference)",
            "bodyStructure": "bodySite (CodeableConcept)",
            "focus": "the patient in subject, and whom else it is about in a note",
            "patientInstruction.instructionMarkdown": "patientInstruction as a string",
        },
        "Task": {
            "reason": _REASON,
            "requestedPeriod": "restriction.period",
            "requestedPerformer": "owner, or performerType",
            "statusReason.concept": "statusReason as a CodeableConcept: {coding, text}",
        },
        "Coverage": {
            "insurer": "payor (a list of References)",
            "paymentBy": "payor: the patient, or who pays",
        },
        "RequestOrchestration": {"": "a RequestGroup"},
    }
)
"""Type → element that R4 does not have → what R4 has for it.

Source: the R4 to R5 conversion notes of each resource, hl7.org/fhir/R5/<type>.html ("R4 Diff").
"""


def r5_shapes(resource: Json, path: str) -> Iterator[Issue]:
    """Iterate over what of a resource is R5's, with what to send instead."""
    for element, instead in _INSTEAD.get(str(resource.get("resourceType")), {}).items():
        if _is_there(resource, element.split(".") if element else []):
            yield Issue(
                "error",
                "structure",
                "r5-shape",
                f"{path}.{element}" if element else path,
                f"This is the shape of FHIR R5; the router reads R4 (4.0.1): send {instead}.",
            )


def _is_there(value: Any, names: list[str]) -> bool:
    if isinstance(value, list):
        return any(_is_there(item, names) for item in value)
    if not names:
        return value is not None
    return isinstance(value, dict) and names[0] in value and _is_there(value[names[0]], names[1:])
