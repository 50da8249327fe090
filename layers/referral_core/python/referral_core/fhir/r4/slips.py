"""A slip in a resource that nothing depends on is forgiven, and told as a warning.

An order is not refused for a space before the unit of a laboratory value. Who the patient is, what
is ordered, who pays, what is allowed: there a slip is refused, so that its sender mends it.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from referral_core.fhir.errors import Issue
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.modifiers import STOPPING
from referral_core.fhir.r4.structure import examine, faults

_DECISIVE: Final = frozenset(
    {
        *("Bundle", "Claim", "Consent", "Coverage", "ExplanationOfBenefit", "MessageHeader"),
        *("Parameters", "Patient", "ServiceRequest", "Task"),
    }
)
"""What decides about the referral, or for whom it is."""
_LONGEST_TYPE: Final = 256
"""Characters; a resource of a longer type is none."""
_MOST: Final = 20
"""Slips of one resource; with more of them it is kept unread."""


def read(resource: Json, path: str) -> tuple[Resource | None, tuple[Issue, ...]]:
    """Return the model of a resource with the slips forgiven in it; none with what is wrong.

    Args:
        resource: JSON.
        path: FHIRPath of the resource, for the issues.
    """
    model = examine(resource, path)
    if isinstance(model, Resource):
        return model, ()
    stops = any(issue.own_code in STOPPING for issue in model)
    if stops or not _has_its_frame(resource) or resource["resourceType"] in _DECISIVE:
        return None, tuple(model)
    return _forgiven(resource), tuple(issue._replace(severity="warning") for issue in model)


def _has_its_frame(resource: Json) -> bool:
    """Tell whether what every resource is handled by, read or unread, has its shape.

    Without it nobody knows what the resource is, what it contains and how it is labelled.
    """
    kind, contained = resource.get("resourceType"), resource.get("contained", [])
    return (
        isinstance(kind, str)
        and len(kind) <= _LONGEST_TYPE
        and isinstance(resource.get("meta", {}), dict)
        and isinstance(contained, list)
        and all(isinstance(inner, dict) for inner in contained)
    )


def _forgiven(resource: Json) -> Resource:
    """Return what can be read of a resource with slips; the resource itself stays as it is.

    Spaces around a value are left out, and an element that still is wrong is not read.
    """
    rest = copy.deepcopy(resource)
    for _ in range(_MOST):
        found = faults(rest)
        if not found:
            break
        _repair(rest, found[0])
    model = examine(rest, "")
    kind = resource["resourceType"]
    if isinstance(model, Resource):
        return model.model_copy(update={"resource_type": kind})
    return Resource.model_validate({"resourceType": kind})


def _repair(rest: Json, place: tuple[int | str, ...]) -> None:
    """Trim the value at a place; leave out one that cannot be trimmed, or what it is missing in."""
    *steps, last = place
    holder: Any = rest
    for depth, step in enumerate(steps):
        inner = _at(holder, step)
        if not isinstance(inner, (dict, list)):
            steps, last = steps[:depth], step
            break
        holder = inner
    value = _at(holder, last)
    if isinstance(value, str) and value != value.strip():
        holder[last] = value.strip()
    elif value is not None:
        del holder[last]
    elif steps:
        _remove(rest, tuple(steps))
    else:
        rest["resourceType"] = "Resource"  # what its type requires is missing: read as any other


def _remove(rest: Json, place: tuple[int | str, ...]) -> None:
    holder: Any = rest
    for step in place[:-1]:
        holder = _at(holder, step)
    del holder[place[-1]]


def _at(holder: Any, step: int | str) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    return holder[step] if isinstance(step, int) and step < len(holder) else None
