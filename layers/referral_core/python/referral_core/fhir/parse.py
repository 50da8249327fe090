"""From the bytes of a request to one FHIR resource as JSON, or an error that says what to do.

Elements that are there but empty (null, "", [], {}) are left out on the way in: FHIR forbids them,
EHRs send them, and they mean the same as a missing element. The caller keeps the original bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError

MAX_BYTES: Final = 5_500_000
"""What Lambda takes in one request (6 MiB), with room for what is sent around the body."""
MOST_BESIDE: Final = 1_000_000
"""Bytes of a body without its large strings, which are documents: the rest is to be read."""
_STRING: Final = rb'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
"""A string, or what is left of one: each byte is looked at once, whatever is sent.

It is compiled with the first large body.
"""
_LARGE: Final = 32 * 1024
MAX_DEPTH: Final = 64
"""Deeper than any resource we know; FHIR's own examples stay under 30."""
MAX_NAME: Final = 128
"""Longer than any element of FHIR: a path repeats the names of all that it leads through."""

Json = dict[str, Any]

_MEDIA_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
_FHIR_VERSIONS: Final = frozenset({"4.0", "4.0.1"})
_ELEMENT: Final = re.compile(r"_?[a-z][A-Za-z]{1,39}|resourceType")
_SURROGATE: Final = re.compile(rb"\\u[dD]")


def read_resource(body: bytes, content_type: str | None) -> Json:
    """Read one resource.

    Raises:
        FhirError: 413 too large, 415 not FHIR R4 JSON by its label, 400 by its content.
    """
    if len(body) > MAX_BYTES:
        raise FhirError(
            "body-too-large",
            f"Send at most {MAX_BYTES} bytes: upload large documents and name them by url.",
            code="too-long",
            status=413,
        )
    if len(body) > MOST_BESIDE and _beside_documents(body) > MOST_BESIDE:
        raise FhirError(
            "body-too-large",
            f"Send at most {MOST_BESIDE} bytes beside documents: fewer referrals a Bundle.",
            code="too-long",
            status=413,
        )
    _check_media_type(content_type)
    value = _loads(body)
    if not isinstance(value, dict):
        raise _bad("not-a-resource", "Send one FHIR resource: a JSON object with a resourceType.")
    try:
        resource: Json = _without_empties(value, MAX_DEPTH)
    except RecursionError as error:
        raise _too_deep() from error
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        raise FhirError(
            "missing-resource-type",
            "Send one FHIR resource: name its type in resourceType.",
            expression="resourceType",
            code="required" if kind is None else "structure",
            status=400,
        )
    return resource


def _beside_documents(body: bytes) -> int:
    lengths = (found.end() - found.start() for found in re.finditer(_STRING, body))
    return len(body) - sum(length for length in lengths if length >= _LARGE)


def _check_media_type(content_type: str | None) -> None:
    media_type, *parameters = (content_type or "").lower().split(";")
    if media_type.strip() not in _MEDIA_TYPES:
        raise FhirError(
            "unsupported-media-type",
            "Set the header Content-Type to application/fhir+json and send JSON.",
            code="not-supported",
            status=415,
        )
    for parameter in parameters:
        name, _, value = (part.strip(" \"'") for part in parameter.partition("="))
        if name == "charset" and value not in {"utf-8", "utf8"}:
            raise FhirError(
                "unsupported-charset",
                "Send UTF-8, the only encoding of FHIR JSON.",
                code="not-supported",
                status=415,
            )
        if name == "fhirversion" and value not in _FHIR_VERSIONS:
            raise FhirError(
                "unsupported-fhir-version",
                "Send FHIR R4 (fhirVersion=4.0).",
                code="not-supported",
                status=415,
            )


def _loads(body: bytes) -> Any:
    try:
        value = exact_json.loads(body.decode("utf-8-sig"))
        if _SURROGATE.search(body):
            # An escaped half of a character parses, but no store can encode it.
            exact_json.dumps(value).encode()
    except exact_json.DuplicateName as error:
        # A name that no element of FHIR has may be anything, and is not repeated.
        name = error.name if _ELEMENT.fullmatch(error.name) else "an element"
        raise _bad("duplicate-key", f"Send each element once; {name} is there twice.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise _bad("malformed-json", f"Send well-formed JSON; it breaks at {place}.") from None
    except UnicodeError:
        raise _bad("invalid-unicode", "Send valid UTF-8 without half surrogate pairs.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise _bad("malformed-json", "Send numbers that JSON and FHIR can hold.") from None
    return value


def _without_empties(value: Json | list[Any], depth: int) -> Any:
    if depth == 1 and value:
        raise RecursionError
    if isinstance(value, list):
        items = [_full(item, depth) for item in value]
        places = [None if _is_empty(item) else item for item in items]
        return places if any(item is not None for item in places) else []
    if max(map(len, value), default=0) > MAX_NAME:
        raise _bad("name-too-long", f"Name elements by at most {MAX_NAME} characters.")
    full = {
        name: kept
        for name, item in value.items()
        if not _is_empty(kept := item if isinstance(item, str) else _full(item, depth))
    }
    for name, item in full.items():
        if isinstance(item, list):
            full[name] = _closed_up(name, item, full)
    return full


def _full(value: Any, depth: int) -> Any:
    """Return a value that stands at a depth, without what in it is empty."""
    return _without_empties(value, depth - 1) if isinstance(value, (dict, list)) else value


def _closed_up(name: str, value: list[Any], siblings: Json) -> list[Any]:
    """Drop the nulls of a list, unless they hold the places of extensions (`given`, `_given`)."""
    if name.startswith("_") or f"_{name}" in siblings:
        return value
    return [item for item in value if item is not None]


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (not value and isinstance(value, (list, dict)))


def _bad(own_code: str, diagnostics: str) -> FhirError:
    return FhirError(own_code, diagnostics, code="structure", status=400)


def _too_deep() -> FhirError:
    return _bad("nested-too-deeply", f"Nest at most {MAX_DEPTH} levels.")
