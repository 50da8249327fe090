"""Search parameters: which are known, how many results, from when on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final, NoReturn

from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.parse import Json
from referral_core.fhir.search import Asked

_FEWEST, _DEFAULT = 1, 50
_DIGITS: Final = 9
MOST: Final = 200
"""Results of one page."""


SHAPES: Final = frozenset(
    {"_count", "_elements", "_format", "_page", "_pretty", "_sort", "_summary", "_total"}
)
"""Parameters that say how results come, not which."""
_FORMS: Final[Mapping[str, frozenset[str]]] = {
    "_sort": frozenset({"_lastUpdated"}),
    "_summary": frozenset({"count", "data", "false", "text", "true"}),
    "_total": frozenset({"accurate", "estimate", "none"}),
}
_OF_FHIR: Final = frozenset(
    {
        *("_contained", "_containedType", "_content", "_filter", "_has", "_id", "_include"),
        *("_lastUpdated", "_list", "_profile", "_query", "_revinclude", "_score", "_security"),
        *("_at", "_since", "_source", "_tag", "_text", "_type", *SHAPES),
    }
)
"""Parameters with an underscore that FHIR knows. Others are a client's own (against caches, for
other servers), and say nothing of what is wanted."""
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


Parameters = tuple[tuple[str, str], ...]


def known_parameters(
    parameters: Parameters, known: Mapping[str, str], shapes: frozenset[str], *, lenient: bool
) -> Parameters:
    """Return of a search what it has: who asks for more is refused, or is told by the self link.

    Args:
        parameters: as they came.
        known: what is found by → its type.
        shapes: of SHAPES, those that the search follows.
        lenient: whether the caller prefers that what is unknown is ignored.

    Raises:
        FhirError: 400, it asks for what the search does not do, or by a value that is none.
    """
    named = [(name, value) for name, value in parameters if not _is_a_clients_own(name)]
    kept = tuple(
        (name, value)
        for name, value in named
        if (name in shapes and value in _FORMS.get(name, {value}))
        or Asked.of(name, value).is_one_of(known)
    )
    if len(kept) < len(named) and not lenient:
        by = [*sorted(known), *(_shape(name) for name in sorted(shapes))]
        refuse(
            "unknown-search-parameter",
            f"Search by {', '.join(by)} only; tokens with :not, references with :identifier or "
            f"their type, all with :missing.",
            code="not-supported",
            status=HTTPStatus.BAD_REQUEST,
        )
    for name, value in kept:
        _check_value(name, value, known)
    return kept


def _check_value(name: str, value: str, known: Mapping[str, str]) -> None:
    asked = Asked.of(name, value)
    if asked.name in known:
        try:
            asked.check(known)
        except ValueError:
            refuse_value(asked.name)


def refuse_value(name: str) -> NoReturn:
    """Refuse a value that a parameter cannot have.

    Raises:
        FhirError: 400.
    """
    refuse(
        "invalid-search-value",
        f"Send {name} as FHIR R4 writes it: a date with its prefix, gt2026-03-02T15:00:00Z; "
        f"with :missing true or false.",
        code="value",
        status=HTTPStatus.BAD_REQUEST,
    )


def stated_parameters(parameters: Parameters, *, strict: bool) -> Parameters:
    """Return the parameters that have a value: without one a parameter asks for nothing.

    Raises:
        FhirError: 400, the caller prefers that such a one is refused.
    """
    stated = tuple((name, value) for name, value in parameters if value.strip(" ,"))
    if strict and len(stated) < len(parameters):
        refuse(
            "empty-search-parameter",
            "Give each search parameter a value, or leave it out.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return stated


def _is_a_clients_own(name: str) -> bool:
    return name.startswith("_") and name.partition(":")[0] not in _OF_FHIR


def _shape(name: str) -> str:
    return f"{name}={'|'.join(sorted(_FORMS[name]))}" if name in _FORMS else name


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


def counts_only(query: Mapping[str, str]) -> bool:
    """Tell whether a search asks how many there are, and for none of them."""
    return query.get("_count") == "0" or query.get("_summary") == "count"


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


def with_offset(text: str) -> datetime | None:
    """Read an instant with its offset; None: it is none."""
    try:
        # A plus sign in a query is a space once it is decoded.
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def instant_of(text: str | None) -> datetime | None:
    """Return the instant that a parameter names, if it is there."""
    if text is None:
        return None
    at = with_offset(text)
    if at is None:
        refuse(
            "invalid-instant",
            "Send due-before as an instant with its offset: 2026-03-02T15:00:00Z.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return at
