"""Search parameters: which are known, how many results, from when on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.parse import Json

_FEWEST, _DEFAULT = 1, 50
_DIGITS: Final = 9
MOST: Final = 200
"""Results of one page."""


SHAPES: Final = frozenset(
    {"_count", "_elements", "_format", "_page", "_pretty", "_sort", "_summary", "_total"}
)
"""Parameters that say how results come, not which."""
_ALWAYS: Final = frozenset({"resourceType", "id", "meta"})
_OF_SUMMARY: Final = frozenset({"text", "contained", "note", "extension", "patientInstruction"})
"""What a summary leaves out of an order or a Task."""
_SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


def shaped(resource: Json, query: Mapping[str, str]) -> Json:
    """Return of a resource what `_elements` or `_summary` asks for, marked as a part."""
    elements = {name.strip() for name in query.get("_elements", "").split(",") if name.strip()}
    match query.get("_summary"):
        case "true":
            kept = {n: v for n, v in resource.items() if n not in _OF_SUMMARY}
        case "text":
            kept = {n: v for n, v in resource.items() if n in {"text", "status", "intent"}}
        case "data":
            kept = {n: v for n, v in resource.items() if n != "text"}
        case _ if elements:
            kept = {n: v for n, v in resource.items() if n in elements}
        case _:
            return resource
    meta = resource.get("meta", {})
    tagged = {**meta, "tag": [*meta.get("tag", ()), _SUBSETTED]}
    return {**{n: v for n, v in resource.items() if n in _ALWAYS}, **kept, "meta": tagged}


def check_parameters(query: Mapping[str, str], known: frozenset[str]) -> None:
    """Refuse a search by parameters that it does not have."""
    unknown = sorted(set(query) - known - {"_format"})
    if unknown:
        refuse(
            "unknown-search-parameter",
            f"Search by {', '.join(sorted(known))} only.",
            code="not-supported",
            status=HTTPStatus.BAD_REQUEST,
        )


def count_of(query: Mapping[str, str]) -> int:
    """Return how many results a page may have."""
    text = query.get("_count", str(_DEFAULT))
    # A number of thousands of digits is no number that Python reads.
    if not text.isdecimal() or len(text) > _DIGITS or int(text) < _FEWEST:
        refuse(
            "invalid-count",
            "Send _count as a positive whole number.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return min(int(text), MOST)


def instant_of(text: str | None) -> datetime | None:
    """Return the instant that a parameter names, if it is there."""
    if text is None:
        return None
    try:
        # A plus sign in a query is a space once it is decoded.
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        refuse(
            "invalid-instant",
            "Send due-before as an instant with its offset: 2026-03-02T15:00:00Z.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return at
