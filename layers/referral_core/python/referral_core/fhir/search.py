"""Does a resource meet a search? FHIR R4's tokens, references and dates, in all their forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from referral_core.fhir.dates import instant
from referral_core.fhir.parse import Json

_PREFIXED: Final = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb)?(\d{4}.*)", re.DOTALL)
_STEPS: Final = {4: timedelta(days=365), 7: timedelta(days=28), 10: timedelta(days=1)}
"""Characters of a partial date → at least how long what it names lasts."""
Span = tuple[datetime, datetime]
"""From, and the first instant after it."""


def meets_token(wanted: str, codings: Iterable[tuple[str, str]]) -> bool:
    """Tell whether one of (system, code) is meant by `code`, `system|code`, `|code`, `system|`."""
    system, bar, code = wanted.rpartition("|")
    return any(
        (not bar or known_system == system) and (known == code or (bool(system) and not code))
        for known_system, known in codings
    )


def codings_of(*concepts: Any) -> Iterator[tuple[str, str]]:
    """Iterate over (system, code) of CodeableConcepts, alone or in lists."""
    for concept in concepts:
        if isinstance(concept, list):
            yield from codings_of(*concept)
        elif isinstance(concept, dict):
            for coding in _objects(concept.get("coding")):
                yield str(coding.get("system", "")), str(coding.get("code", ""))


def identifiers_of(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Iterate over (system, value) of a resource's or a Reference's identifiers."""
    for one in _objects(resource.get("identifier")):
        yield str(one.get("system", "")), str(one.get("value", ""))


def _objects(element: Any) -> list[Json]:
    """Return the objects of an element, alone or in a list; a forgiven slip leaves other things."""
    several = element if isinstance(element, list) else [element]
    return [one for one in several if isinstance(one, dict)]


def meets_reference(wanted: str, reference: Json, target: Json | None) -> bool:
    """Tell whether a Reference leads to what is wanted: an id, an address, or an identifier.

    Args:
        wanted: `Patient/1`, `1`, an address, or `system|value`.
        reference: the element.
        target: the resource that it leads to, when that was sent.
    """
    known = [*identifiers_of(reference), *identifiers_of(target or {})]
    if "|" in wanted:
        return meets_token(wanted, known)
    literal = str(reference.get("reference", ""))
    own = f"{target['resourceType']}/{target['id']}" if target and "id" in target else literal
    return any(wanted == name or name.endswith(f"/{wanted}") for name in (literal, own) if name)


def span_of(text: str) -> Span:
    """Return the time that a date or dateTime names, as precise as it says.

    Raises:
        ValueError: it is none.
    """
    text = text.replace(" ", "+")  # a plus sign in a query is a space once it is decoded
    if "T" in text and re.search(r"T\d\d:\d\d(Z|[+-]|$)", text):
        text = re.sub(r"(T\d\d:\d\d)", r"\1:00", text)
    if "T" in text and not re.search(r"(Z|[+-]\d\d:\d\d)$", text):
        text += "Z"
    start = instant(text)
    if "T" in text:
        digits = re.search(r"\.(\d+)", text)
        step = timedelta(microseconds=10 ** max(0, 6 - len(digits[1]))) if digits else None
        return start, start + (step or timedelta(seconds=1))
    if len(text) == len("2026-03-02"):
        return start, start + _STEPS[10]
    # The first day of the month or year after.
    after = (start + _STEPS[len(text)] + timedelta(days=4)).replace(day=1)
    return start, after.replace(month=1) if len(text) == len("2026") else after


def meets_date(wanted: str, known: Span | None) -> bool:
    """Tell whether a time is what `gt2026-03-02`, `le…`, … asks for.

    Raises:
        ValueError: it asks for no date.
    """
    match = _PREFIXED.fullmatch(wanted)
    if match is None:
        raise ValueError("not a date with its prefix")
    start, end = span_of(match[2])
    if known is None:
        return False
    return _COMPARED[match[1] or "eq"](known, (start, end))


_COMPARED: Final[Mapping[str, Callable[[Span, Span], bool]]] = {
    "eq": lambda known, asked: asked[0] <= known[0] and known[1] <= asked[1],
    "ne": lambda known, asked: not (asked[0] <= known[0] and known[1] <= asked[1]),
    "gt": lambda known, asked: known[1] > asked[1],
    "ge": lambda known, asked: known[0] >= asked[0] or known[1] > asked[1],
    "lt": lambda known, asked: known[0] < asked[0],
    "le": lambda known, asked: known[1] <= asked[1] or known[0] < asked[0],
    "sa": lambda known, asked: known[0] >= asked[1],
    "eb": lambda known, asked: known[1] <= asked[0],
}


def earliest(wanted: Sequence[str]) -> datetime:
    """Return the instant before which nothing meets all of the dates asked for."""
    bounds = [datetime.min.replace(tzinfo=UTC)]
    for text in wanted:
        match = _PREFIXED.fullmatch(text)
        if match and match[1] in {None, "eq", "gt", "ge", "sa"}:
            bounds.append(span_of(match[2])[0])
    return max(bounds)
