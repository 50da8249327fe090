"""JSON Patch (RFC 6902) of one resource: all its operations, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Final

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError
from referral_core.fhir.parse import MAX_BYTES, Json

MEDIA_TYPE: Final = "application/json-patch+json"
MOST_OPERATIONS: Final = 100
_INDEX: Final = re.compile(r"0|[1-9]\d{0,5}")
_END: Final = "-"

Path = tuple[str, ...]


def read_patch(body: bytes, content_type: str | None) -> list[Json]:
    """Read the operations of a patch.

    Raises:
        FhirError: 415 another kind of patch, 413 too long, 400 not a list of operations.
    """
    if (content_type or "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise FhirError(
            "unsupported-patch",
            f"Send a JSON Patch: set Content-Type to {MEDIA_TYPE}; or PUT the whole resource.",
            code="not-supported",
            status=415,
        )
    if len(body) > MAX_BYTES:
        raise FhirError("body-too-large", "Send a shorter patch.", code="too-long", status=413)
    try:
        operations = exact_json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _malformed("Send well-formed JSON: a list of operations.") from None
    is_list = isinstance(operations, list) and all(isinstance(one, dict) for one in operations)
    if not is_list or not 0 < len(operations) <= MOST_OPERATIONS:
        raise _malformed(f"Send a list of 1 to {MOST_OPERATIONS} operations.")
    return list(operations)


def patched(resource: Mapping[str, Any], operations: list[Json]) -> Json:
    """Return a resource with a patch applied.

    Raises:
        FhirError: 400 an operation that is none, 409 a test that does not hold, 422 a place that
            the resource does not have.
    """
    known: Any = deepcopy(dict(resource))
    for operation in operations:
        name, path = operation.get("op"), _path(operation.get("path"))
        apply = _OPERATIONS.get(name) if isinstance(name, str) else None
        if apply is None:
            raise _malformed(f"Send an op of {', '.join(_OPERATIONS)}.")
        known = apply(known, path, operation)
    if not isinstance(known, dict):
        raise _malformed("Patch elements of the resource, not the whole.")
    return known


def _added(known: Any, path: Path, operation: Json) -> Any:
    return _put(known, path, deepcopy(_value(operation)))


def _removed(known: Any, path: Path, _operation: Json) -> Any:
    holder, last = _holder(known, path)
    _get(holder, last)
    del holder[int(last) if isinstance(holder, list) else last]
    return known


def _replaced(known: Any, path: Path, operation: Json) -> Any:
    holder, last = _holder(known, path)
    _get(holder, last)
    holder[int(last) if isinstance(holder, list) else last] = deepcopy(_value(operation))
    return known


def _moved(known: Any, path: Path, operation: Json) -> Any:
    source = _path(operation.get("from"))
    if path[: len(source)] == source and path != source:
        raise _malformed("Nothing can be moved into itself.")
    value = _at(known, source)
    return _put(_removed(known, source, operation), path, value)


def _copied(known: Any, path: Path, operation: Json) -> Any:
    return _put(known, path, deepcopy(_at(known, _path(operation.get("from")))))


def _tested(known: Any, path: Path, operation: Json) -> Any:
    if not _is_same(_at(known, path), _value(operation)):
        raise FhirError(
            "patch-test-failed",
            "What the patch tests is no longer so: read the resource, then send your change again.",
            code="conflict",
            status=409,
        )
    return known


_OPERATIONS: Final[Mapping[str, Callable[[Any, Path, Json], Any]]] = MappingProxyType(
    {
        "add": _added,
        "remove": _removed,
        "replace": _replaced,
        "move": _moved,
        "copy": _copied,
        "test": _tested,
    }
)


def _put(known: Any, path: Path, value: Any) -> Any:
    """Return the resource with a value added: into a list, or in place of what was there."""
    holder, last = _holder(known, path)
    if not isinstance(holder, list):
        holder[last] = value
    elif last == _END:
        holder.append(value)
    elif _INDEX.fullmatch(last) and int(last) <= len(holder):
        holder.insert(int(last), value)
    else:
        raise _nowhere()
    return known


def _holder(known: Any, path: Path) -> tuple[Any, str]:
    if not path:
        raise _malformed("Patch elements of the resource, not the whole.")
    holder = _at(known, path[:-1])
    if not isinstance(holder, dict | list):
        raise _nowhere()
    return holder, path[-1]


def _at(known: Any, path: Path) -> Any:
    for part in path:
        known = _get(known, part)
    return known


def _get(holder: Any, part: str) -> Any:
    if isinstance(holder, dict) and part in holder:
        return holder[part]
    if isinstance(holder, list) and _INDEX.fullmatch(part) and int(part) < len(holder):
        return holder[int(part)]
    raise _nowhere()


def _path(pointer: object) -> Path:
    """Read a JSON Pointer (RFC 6901)."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise _malformed("Send path, and from, as a JSON Pointer: /status.")
    parts = pointer.split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _value(operation: Json) -> Any:
    if "value" not in operation:
        raise _malformed("Send a value with add, replace and test.")
    return operation["value"]


def _is_same(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1, and the order of a list counts."""
    return exact_json.dumps(one, sort_keys=True) == exact_json.dumps(other, sort_keys=True)


def _malformed(diagnostics: str) -> FhirError:
    return FhirError("malformed-patch", diagnostics, code="structure", status=400)


def _nowhere() -> FhirError:
    return FhirError(
        "patch-path-unknown",
        "The resource has nothing at the place that the patch names: read it first.",
        code="processing",
        status=422,
    )
