"""What a request says of its own form and of the answer's: Accept, _format, Prefer, encodings."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.parse import MAX_BYTES

_NAMED: Final = frozenset(
    {"application/fhir+json", "application/json", "application/json+fhir", "json"}
)
_SPOKEN: Final = _NAMED | {"application/*", "*/*"}
"""Media types and values of `_format` that FHIR JSON answers."""
_VERSIONS: Final = frozenset({"4.0", "4.0.1"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS

_LONGEST_TEXT: Final = 1024
"""Bytes of a header, a parameter or an id: a key of the table holds no more."""
_HEADERS: Final = (
    "idempotency-key",
    "if-match",
    "if-none-match",
    "if-none-exist",
    "content-type",
    "prefer",
)
"""The headers that use cases read; a token, for one, may be longer."""

MINIMAL: Final = "minimal"
OUTCOME: Final = "OperationOutcome"
REPRESENTATION: Final = "representation"


def require_acceptable(headers: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Refuse a caller who wants an answer in another form than FHIR R4 JSON.

    Raises:
        FhirError: 406.
    """
    wanted = query.get("_format") or headers.get("accept") or "*/*"
    if not any(_is_spoken(part.replace(" ", "+")) for part in wanted.split(",")):
        refuse(
            "not-acceptable",
            "The router answers in FHIR R4 JSON: send Accept: application/fhir+json.",
            code="not-supported",
            status=HTTPStatus.NOT_ACCEPTABLE,
        )


def is_json_wanted(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Tell whether a caller names FHIR's JSON, where it may have a document as it is."""
    wanted = query.get("_format") or headers.get("accept") or ""
    types = (part.partition(";")[0].strip().replace(" ", "+").lower() for part in wanted.split(","))
    return not _NAMED.isdisjoint(types)


def _is_spoken(part: str) -> bool:
    """Tell whether one part of an Accept header (a space in `_format` is a plus sign) is ours."""
    media_type, *parameters = (piece.strip("+ ").lower() for piece in part.split(";"))
    values = dict(p.split("=", 1) for p in parameters if "=" in p)
    version = values.get("fhirversion", "4.0").strip('"')
    weight = values.get("q", "1").strip()
    return media_type in _SPOKEN and version in _VERSIONS and weight.strip("0.") != ""


def decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the body without its Content-Encoding, as far as a body may be long.

    Raises:
        FhirError: 415 another encoding than gzip, 400 not gzip, 413 too long once unpacked.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _GZIP:
        refuse(
            "unsupported-encoding",
            "Send the body as it is, or with Content-Encoding: gzip.",
            code="not-supported",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    unpacking = zlib.decompressobj(_GZIP_HEADER)
    try:
        # One byte more than a body may have is enough to be refused for its size.
        unpacked = unpacking.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        unpacked = b""
    is_whole = unpacking.eof and not unpacking.unused_data
    if not is_whole and len(unpacked) <= MAX_BYTES:
        refuse(
            "malformed-gzip",
            "Send a whole gzip body, or none of Content-Encoding.",
            code="structure",
            status=HTTPStatus.BAD_REQUEST,
        )
    return unpacked


def wanted_return(headers: Mapping[str, str]) -> str | None:
    """Return what the caller prefers to be returned of a write; None: says nothing."""
    return dict(_preferences(headers)).get("return")


def wanted_handling(headers: Mapping[str, str]) -> str | None:
    """Return how the caller prefers what is unknown or empty to be handled: lenient, or strict.

    Without a word, unknown search parameters are refused, and empty ones ignored.
    """
    return dict(_preferences(headers)).get("handling")


def _preferences(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for part in headers.get("prefer", "").replace(";", ",").split(","):
        name, _, value = (piece.strip(' "') for piece in part.partition("="))
        yield name.lower(), value


def require_readable(headers: Mapping[str, str], query: Mapping[str, str], name: str) -> None:
    """Refuse text that no store can hold, before a use case looks for it.

    Raises:
        FhirError: a header, a parameter or the id is too long, or has half a character in it.
    """
    used = (headers[header] for header in _HEADERS if header in headers)
    for text in (*used, *query, *query.values(), name):
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            size = _LONGEST_TEXT + 1
        if size > _LONGEST_TEXT:
            refuse(
                "unreadable-request",
                f"Send headers, parameters and ids of at most {_LONGEST_TEXT} bytes of UTF-8.",
                code="value",
                status=HTTPStatus.BAD_REQUEST,
            )
