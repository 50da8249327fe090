"""What changes the meaning of a resource and is not understood: nothing may be done on it.

FHIR R4 2.4.1 forbids to process an element whose modifier extension is not understood, and a
resource whose implicit rules are not known. We know none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from referral_core.fhir.errors import Issue
from referral_core.fhir.parse import Json

STOPPING: Final = frozenset({"modifier-extension-unknown", "implicit-rules-unknown"})
"""The own codes of what is found here."""


def unknown_modifiers(resource: Json, path: str) -> Iterator[Issue]:
    """Iterate over what changes a resource's meaning; a resource inside it speaks for itself."""
    if resource.get("implicitRules"):
        yield Issue(
            "error",
            "not-supported",
            "implicit-rules-unknown",
            f"{path}.implicitRules",
            "Send the resource without implicitRules: the router knows no rules but FHIR's.",
        )
    yield from _within(resource, path, outermost=True)


def _within(value: Any, path: str, *, outermost: bool = False) -> Iterator[Issue]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(item, f"{path}[{index}]")
        return
    if not isinstance(value, dict) or ("resourceType" in value and not outermost):
        return
    for name, inner in value.items():
        if name == "modifierExtension" and inner:
            yield Issue(
                "error",
                "extension",
                "modifier-extension-unknown",
                f"{path}.modifierExtension",
                "The router does not know this modifier extension and may not act on what it "
                "changes: send the order without it, or refer by phone.",
            )
        elif isinstance(inner, (dict, list)):
            yield from _within(inner, f"{path}.{name}")
