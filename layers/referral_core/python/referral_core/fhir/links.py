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


class Address:
    """An address or a reference within JSON.

    Attributes:
        path: FHIRPath of the element that is it.
        literal: as it is written.
        holder: what the element stands in.
    """

    __slots__ = ("holder", "literal", "path")

    def __init__(self, path: str, literal: str, holder: Json) -> None:
        self.path = path
        self.literal = literal
        self.holder = holder


class Found:
    """What of a resource may lead elsewhere, in an order that does not depend on its sender.

    What it contains is left out: each contained resource says it for itself.

    Attributes:
        pointers: every way to another resource.
        addresses: of them, the literals, each with its place.
    """

    def __init__(self) -> None:
        self.pointers: list[Pointer] = []
        self.addresses: list[Address] = []

    @property
    def references(self) -> tuple[Link, ...]:
        """The literals of its References."""
        return tuple((a.path, a.literal) for a in self.addresses if a.path.endswith(".reference"))


def links_of(resource: Json, path: str) -> Found:
    """Return what of a resource may lead elsewhere; it is walked once for all who ask."""
    found = Found()
    _collect(resource, path, found, sorted(resource.keys() - {"contained"}))
    return found


def _collect(value: Json, path: str, found: Found, names: list[str]) -> None:
    found.pointers.extend(pointer_of(value))
    for name in names:
        inner = value[name]
        if isinstance(inner, dict):
            _collect(inner, f"{path}.{name}", found, sorted(inner))
        elif isinstance(inner, list):
            _collect_each(inner, f"{path}.{name}", found)
        elif isinstance(inner, str) and is_address(name):
            found.addresses.append(Address(f"{path}.{name}", inner, value))
            if name in _ADDRESSES:
                found.pointers.append(Pointer(inner))


def _collect_each(value: list[Any], path: str, found: Found) -> None:
    for index, item in enumerate(value):
        if isinstance(item, dict):
            _collect(item, f"{path}[{index}]", found, sorted(item))
        elif isinstance(item, list):
            _collect_each(item, f"{path}[{index}]", found)


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
