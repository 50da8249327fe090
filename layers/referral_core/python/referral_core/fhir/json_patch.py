"""Patches of one resource: a JSON Patch (RFC 6902), a merge patch, a FHIRPath Patch.

A kept library applies a JSON Patch, all its operations or none; what may come, and what is said of
what cannot be done, is ours. A merge patch (RFC 7396) is what clients send who patch by naming
elements; Parameters of FHIRPath are what the clients of HAPI and Firely send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError
from referral_core.fhir.fhirpath_patch import applied
from referral_core.fhir.parse import MOST_BESIDE, Json

MEDIA_TYPE: Final = "application/json-patch+json"
MERGE: Final = "application/merge-patch+json"
FHIRPATH: Final = "application/fhir+json"
_MERGES: Final = frozenset({MERGE, "application/json"})
MOST_OPERATIONS: Final = 100
MOST_COPIES: Final = 4
_TOO_DEEP: Final = "Send a value of fewer levels."
_WITH_VALUE: Final = frozenset({"add", "replace", "test"})
_WITH_SOURCE: Final = frozenset({"move", "copy"})
_KNOWN: Final = _WITH_VALUE | _WITH_SOURCE | {"remove"}


def changed(resource: Mapping[str, Any], body: bytes, content_type: str | None) -> Json:
    """Return a resource as a patch makes it.

    Raises:
        FhirError: 415 another kind of patch, 413 too long, 400 none; and as `patched`.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type not in {MEDIA_TYPE, FHIRPATH, *_MERGES}:
        raise _unsupported()
    if len(body) > MOST_BESIDE:
        raise FhirError("body-too-large", "Send a shorter patch.", code="too-long", status=413)
    try:
        sent = exact_json.loads(body.decode("utf-8-sig"))
        # An escaped half of a character parses, but no store can encode it.
        exact_json.dumps(sent).encode()
    except (ValueError, RecursionError):
        raise _malformed("Send well-formed JSON.") from None
    if media_type == MEDIA_TYPE:
        return patched(resource, _operations(sent))
    is_fhirpath = isinstance(sent, dict) and sent.get("resourceType") == "Parameters"
    if media_type == FHIRPATH and not is_fhirpath:
        raise _unsupported()
    try:
        if is_fhirpath:
            return applied(resource, sent, patched)
        return _merged(resource, _elements(sent))
    except RecursionError:
        raise _malformed(_TOO_DEEP) from None


def _operations(sent: Any) -> list[Json]:
    is_list = isinstance(sent, list) and all(isinstance(one, dict) for one in sent)
    if not is_list or not 0 < len(sent) <= MOST_OPERATIONS:
        _refuse(f"Send a list of 1 to {MOST_OPERATIONS} operations.")
    return list(sent)


def _elements(sent: Any) -> Json:
    if not isinstance(sent, dict) or not sent or "parameter" in sent:
        _refuse("Send the elements to change, as an object; null removes one.")
    return sent


def _merged(target: Any, patch: Json) -> Json:
    """Return an object with a merge patch applied: null removes, a list takes a list's place."""
    made = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = _merged(made.get(name), value) if isinstance(value, dict) else value
    return made


def patched(resource: Mapping[str, Any], operations: list[Json]) -> Json:
    """Return a resource with a patch applied.

    Raises:
        FhirError: 400 an operation that is none, 409 a test that does not hold, 422 a place that
            the resource does not have.
    """
    # Loaded where a patch comes: most requests are none.
    from jsonpatch import (  # noqa: PLC0415
        JsonPatch,
        JsonPatchException,
        JsonPatchTestFailed,
        JsonPointerException,
    )

    for operation in operations:
        _check(operation)
    if sum(operation["op"] == "copy" for operation in operations) > MOST_COPIES:
        _refuse(f"Send at most {MOST_COPIES} copy operations: each may double the resource.")
    try:
        made: Json = JsonPatch(operations).apply(dict(resource))
    except JsonPatchTestFailed:
        raise FhirError(
            "patch-test-failed",
            "What the patch tests is no longer so: read the resource, then send your change again.",
            code="conflict",
            status=409,
        ) from None
    except RecursionError:
        raise _malformed(_TOO_DEEP) from None
    except (JsonPatchException, JsonPointerException, TypeError):
        raise FhirError(
            "patch-path-unknown",
            "The resource has nothing at the place that the patch names: read it first.",
            code="processing",
            status=422,
        ) from None
    return made


def _check(operation: Json) -> None:
    """Refuse what is no operation on an element of the resource."""
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(name, str) or name not in _KNOWN:
        _refuse(f"Send an op of {', '.join(sorted(_KNOWN))}.")
    if not _is_pointer(path) or (name in _WITH_SOURCE and not _is_pointer(operation.get("from"))):
        _refuse("Send path, and from, as a JSON Pointer to an element: /status.")
    if name in _WITH_VALUE and "value" not in operation:
        _refuse("Send a value with add, replace and test.")
    if name == "move" and str(path).startswith(f"{operation['from']}/"):
        _refuse("Nothing can be moved into itself.")


def _is_pointer(pointer: object) -> bool:
    return isinstance(pointer, str) and pointer.startswith("/")


def _unsupported() -> FhirError:
    return FhirError(
        "unsupported-patch",
        f"Send a JSON Patch: set Content-Type to {MEDIA_TYPE}, or {MERGE}, or {FHIRPATH} with "
        f"Parameters; or PUT the whole resource.",
        code="not-supported",
        status=415,
    )


def _refuse(diagnostics: str) -> NoReturn:
    raise _malformed(diagnostics)


def _malformed(diagnostics: str) -> FhirError:
    return FhirError("malformed-patch", diagnostics, code="structure", status=400)
