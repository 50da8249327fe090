"""What in JSON leads to another resource: a literal, an address, an identifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from referral_core.fhir.parse import Json

_ADDRESSES: Final = frozenset({"url", "valueUrl", "valueUri"})
"""Elements that may lead to a resource as a reference does: of an Attachment, to a Binary."""
_HISTORY: Final = re.compile(r"/_history/[^/]+$")
_SHOWN_AS: Final = ("_format=", "_pretty=", "_summary=")
"""How a server is to show a resource says nothing of which one it is."""
_SERVER: Final = re.compile(r"^https?://[^/]+", re.IGNORECASE)
_ROOTED: Final = re.compile(r"^/(?=[A-Z][A-Za-z]+/)")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_URN_UUID: Final = re.compile(r"^urn:uuid:", re.IGNORECASE)
Link = tuple[str, str]
"""FHIRPath and literal reference."""


class Pointer(NamedTuple):
    """One way to another resource.

    Attributes:
        literal: a reference or an address.
        token: `system|value` of a logical reference.
        type: that the logical reference names.
    """

    literal: str | None = None
    token: str | None = None
    type: str | None = None


def pointers_in(value: Any) -> Iterator[Pointer]:
    """Iterate over what may lead elsewhere, in an order that does not depend on its sender."""
    if isinstance(value, list):
        for item in value:
            yield from pointers_in(item)
    if not isinstance(value, dict):
        return
    yield from pointer_of(value)
    for name in sorted(value):
        inner = value[name]
        if name in _ADDRESSES and isinstance(inner, str):
            yield Pointer(inner)
        elif isinstance(inner, (dict, list)):
            yield from pointers_in(inner)


def pointer_of(reference: dict[str, Any]) -> Iterator[Pointer]:
    """Iterate over where a Reference leads: nowhere, or to one place."""
    literal, identifier = reference.get("reference"), reference.get("identifier")
    if isinstance(literal, str):
        yield Pointer(literal)
    elif isinstance(identifier, dict) and "resourceType" not in reference:
        system, value = identifier.get("system"), identifier.get("value")
        kind = reference.get("type")
        if isinstance(value, str):
            token = f"{system if isinstance(system, str) else ''}|{value}"
            yield Pointer(token=token, type=kind if isinstance(kind, str) else None)


def is_address(name: str) -> bool:
    """Tell whether an element may lead to a resource by its address."""
    return name == "reference" or name in _ADDRESSES


def references_in(value: Any, path: str) -> list[Link]:
    """List the literal references within JSON, in an order that does not depend on its sender."""
    found: list[Link] = []
    _collect(value, path, found)
    return found


def _collect(value: Any, path: str, found: list[Link]) -> None:
    if isinstance(value, dict):
        for name in sorted(value):
            inner = value[name]
            if name == "reference" and isinstance(inner, str):
                found.append((f"{path}.reference", inner))
            elif isinstance(inner, (dict, list)):
                _collect(inner, f"{path}.{name}", found)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, (dict, list)):
                _collect(inner, f"{path}[{index}]", found)


def address_of(literal: str) -> str:
    """Return an address as it is compared: of whatever version, however it is to be shown.

    UUIDs, scheme and host are in lower case; `/Binary/1` is `Binary/1`.
    """
    whole = literal.partition("#")[0] or literal
    place, _, query = whole.partition("?")
    shown = place if query.startswith(_SHOWN_AS) else whole
    plain = _ROOTED.sub("", shown).removesuffix("/")
    server = _SERVER.sub(lambda found: found[0].lower(), _HISTORY.sub("", plain))
    lower = _UUID.sub(lambda found: found[0].lower(), server)
    return _URN_UUID.sub("urn:uuid:", lower)


def outside(resource: Json) -> Json:
    """Return a resource without what it contains."""
    return {name: value for name, value in resource.items() if name != "contained"}
