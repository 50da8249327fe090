"""FHIRPath Patch (FHIR R4, fhirpatch.html): Parameters whose operations name elements by a path.

Of FHIRPath what patches use: elements, an index, `where(name='text')`, `first()`, `last()`. Each
operation becomes one of a JSON Patch, made of the resource as the operations before it left it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn

from referral_core.fhir.errors import FhirError
from referral_core.fhir.parse import Json

MOST_OPERATIONS: Final = 100
_STEP: Final = re.compile(
    r"\.?(?P<name>[A-Za-z]\w*)(?P<call>\((?P<inside>[^()]*)\))?|\[(?P<index>\d{1,4})\]", re.ASCII
)
_EQUALS: Final = re.compile(r"\s*(?P<name>[A-Za-z]\w*)\s*=\s*'(?P<text>[^'\\]*)'\s*", re.ASCII)
_CHOICES: Final = frozenset({"occurrence", "asNeeded", "quantity", "value"})
"""Elements whose JSON name ends with the type of what they hold."""
_REPEATS: Final = frozenset(
    {
        *("basedOn", "bodySite", "category", "coding", "contained", "extension", "given"),
        *("identifier", "input", "instantiatesCanonical", "instantiatesUri", "insurance", "line"),
        *("locationCode", "locationReference", "note", "orderDetail", "output", "partOf", "payor"),
        *("performer", "reasonCode", "reasonReference", "relevantHistory", "replaces", "specimen"),
        *("supportingInfo", "telecom"),
    }
)
"""Elements of orders, Tasks and what they contain that are lists, also where none is there yet."""


class _Value(NamedTuple):
    """What an operation brings. Attributes: suffix: its type, as a choice's name ends with."""

    value: Any
    suffix: str = ""


Pointer = tuple[str | int, ...]
Apply = Callable[[Mapping[str, Any], list[Json]], Json]


def applied(resource: Mapping[str, Any], sent: Mapping[str, Any], apply: Apply) -> Json:
    """Return a resource with the operations of Parameters applied, all of them or none.

    Args:
        resource: as it is.
        sent: the Parameters.
        apply: applies operations of a JSON Patch.

    Raises:
        FhirError: 400 an operation that is none, 422 a path that leads to nothing, or to several.
    """
    operations = sent.get("parameter")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        _refuse(f"Send 1 to {MOST_OPERATIONS} parameters named operation.")
    made: Json = dict(resource)
    for operation in operations:
        made = apply(made, list(_translated(made, _parts(operation))))
    return made


def _parts(operation: Any) -> Mapping[str, Json]:
    is_one = isinstance(operation, dict) and operation.get("name") == "operation"
    parts = operation.get("part") if is_one else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        _refuse("Send parameters named operation, each with its parts.")
    return MappingProxyType({str(part.get("name")): part for part in parts})


def _translated(resource: Json, parts: Mapping[str, Json]) -> Iterator[Json]:
    """Iterate over the JSON Patch that is one operation."""
    kind = _said(parts, "type")
    found = _found(resource, _said(parts, "path"))
    if kind == "delete" and not found:
        return  # what is not there needs no deleting
    if len(found) != 1 and not (kind == "insert" and found):
        _nowhere()
    place = found[0]
    match kind:
        case "add":
            yield _added(resource, place, _said(parts, "name"), _value(parts))
        case "replace":
            value = _value(parts)
            yield {"op": "replace", "path": _pointer(place), "value": value.value}
        case "delete":
            yield {"op": "remove", "path": _pointer(place)}
        case "insert":
            path = _pointer((*_list_of(place), _number(parts, "index")))
            yield {"op": "add", "path": path, "value": _value(parts).value}
        case "move":
            here = _list_of(place)
            ends = (_pointer((*here, _number(parts, n))) for n in ("source", "destination"))
            yield dict(zip(("op", "from", "path"), ("move", *ends), strict=True))
        case _:
            _refuse("Send a type of add, delete, insert, move or replace.")


def _added(resource: Json, place: Pointer, name: str, value: _Value) -> Json:
    target = _at(resource, place)
    if not isinstance(target, dict) or not name.isidentifier():
        _nowhere()
    own = f"{name}{value.suffix}" if name in _CHOICES else name
    there = target.get(own)
    if isinstance(there, list):
        return {"op": "add", "path": _pointer((*place, own, "-")), "value": value.value}
    is_list = own in _REPEATS or (own == "name" and isinstance(value.value, dict))
    made = [value.value] if is_list else value.value
    return {"op": "add", "path": _pointer((*place, own)), "value": made}


def _list_of(place: Pointer) -> Pointer:
    """Return the list that a place is in, or is."""
    return place[:-1] if place and isinstance(place[-1], int) else place


def _found(resource: Json, path: str) -> Sequence[Pointer]:
    """Return where a path leads to.

    Raises:
        FhirError: 400, it is none that patches use.
    """
    begin = path.partition(".")[0]
    rest = path[len(begin) :] if begin == resource.get("resourceType") else f".{path}"
    places: list[Pointer] = [()]
    while rest:
        step = _STEP.match(rest)
        if step is None:
            _refuse("Send a path of elements, indexes, where(name='text'), first() and last().")
        places = list(_stepped(resource, places, step))
        rest = rest[step.end() :]
    return places


def _stepped(resource: Json, places: list[Pointer], step: re.Match[str]) -> Iterator[Pointer]:
    if step["index"] is not None:
        yield from places[int(step["index"]) : int(step["index"]) + 1]
    elif step["call"] is None:
        for place in places:
            yield from _children(resource, place, step["name"])
    elif step["name"] in {"first", "last"} and not step["inside"]:
        yield from places[:1] if step["name"] == "first" else places[-1:]
    elif step["name"] == "where" and (wanted := _EQUALS.fullmatch(step["inside"])):
        for place in places:
            at = _at(resource, place)
            if isinstance(at, dict) and at.get(wanted["name"]) == wanted["text"]:
                yield place
    else:
        _refuse("Send where with one comparison: where(system='…').")


def _children(resource: Json, place: Pointer, name: str) -> Iterator[Pointer]:
    at = _at(resource, place)
    if not isinstance(at, dict):
        return
    chosen = (n for n in at if name in _CHOICES and re.fullmatch(rf"{name}[A-Z]\w*", n))
    for own in (name, *chosen):
        if isinstance(at.get(own), list):
            yield from ((*place, own, number) for number in range(len(at[own])))
        elif own in at:
            yield (*place, own)


def _at(resource: Json, place: Pointer) -> Any:
    found: Any = resource
    for step in place:
        found = found[step]
    return found


def _pointer(place: Pointer) -> str:
    if not place:
        _nowhere()
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _said(parts: Mapping[str, Json], name: str) -> str:
    part = parts.get(name, {})
    found = next((v for k, v in part.items() if k.startswith("value")), None)
    if not isinstance(found, str):
        _refuse(f"Send the part {name} of each operation as a text.")
    return found


def _number(parts: Mapping[str, Json], name: str) -> int:
    found = parts.get(name, {}).get("valueInteger")
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        _refuse(f"Send the part {name} as valueInteger, counted from 0.")
    return found


def _value(parts: Mapping[str, Json]) -> _Value:
    if "value" not in parts:
        _refuse("Send the part value with add, insert and replace.")
    return _value_of(parts["value"])


def _value_of(part: Json) -> _Value:
    for name, value in part.items():
        if name.startswith("value") and name[5:6].isupper():
            return _Value(value, name.removeprefix("value"))
    inner = part.get("part")
    if not isinstance(inner, list) or not all(isinstance(one, dict) for one in inner):
        _refuse("Send a value as value[x], or its elements as parts.")
    return _Value({str(one.get("name")): _value_of(one).value for one in inner})


def _refuse(diagnostics: str) -> NoReturn:
    raise FhirError("malformed-patch", diagnostics, code="structure", status=400)


def _nowhere() -> NoReturn:
    raise FhirError(
        "patch-path-unknown",
        "A path of the patch leads to nothing, or to several places: read the resource first.",
        code="processing",
        status=422,
    )
