"""Does a resource meet a search? FHIR R4's tokens, references and dates, in all their forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from referral_core.fhir.dates import after, end_of, instant
from referral_core.fhir.parse import Json

_PREFIXED: Final = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb)?(\d{4}.*)", re.DOTALL)
_SECOND: Final = timedelta(seconds=1)
Span = tuple[datetime, datetime]
"""From, and the first instant after it."""
_SPLIT: Final = re.compile(r"(?<!\\)((?:\\\\)*),")
_ESCAPED: Final = re.compile(r"\\([,$\\])")

ORDER_SEARCH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("_lastUpdated", "authored"), "date"),
    **dict.fromkeys(("_id", "category", "code", "identifier"), "token"),
    **dict.fromkeys(("intent", "priority", "status"), "token"),
    **dict.fromkeys(("patient", "performer", "requester", "subject"), "reference"),
}
"""The parameters that orders are found by → the type of each."""
TASK_SEARCH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("_id", "status"), "token"),
    **dict.fromkeys(("focus", "owner"), "reference"),
}
SLOT_SEARCH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("_id", "status"), "token"),
    "schedule": "reference",
    "start": "date",
}
_MODIFIERS: Final[Mapping[str, frozenset[str]]] = {
    "date": frozenset({"missing"}),
    "token": frozenset({"missing", "not"}),
    "reference": frozenset({"missing", "identifier"}),
}


class Asked(NamedTuple):
    """One parameter of a search.

    Attributes:
        name: without its modifier.
        modifier: `missing`, `not`, `identifier`, a type of resource, or empty.
        values: of which one is to be met.
        zone: whose days bare dates are.
    """

    name: str
    modifier: str
    values: tuple[str, ...]
    zone: tzinfo = UTC

    @classmethod
    def of(cls, parameter: str, value: str, zone: tzinfo = UTC) -> Asked:
        """Read a parameter: a comma parts its values, one behind a backslash is of a value."""
        name, _, modifier = parameter.partition(":")
        parts = _SPLIT.sub(r"\1\0", value).split("\0")
        values = [_ESCAPED.sub(r"\1", part) for part in parts if part]
        if modifier[:1].isupper():
            values = [one if "/" in one else f"{modifier}/{one}" for one in values]
        return cls(name, modifier, tuple(values), zone)

    def is_one_of(self, known: Mapping[str, str]) -> bool:
        """Tell whether a search has this parameter, with this modifier."""
        kind = known.get(self.name)
        if kind is None:
            return False
        is_type = kind == "reference" and self.modifier[:1].isupper() and self.modifier.isalpha()
        return not self.modifier or is_type or self.modifier in _MODIFIERS[kind]

    def check(self, known: Mapping[str, str]) -> None:
        """Raise unless every value is one that the parameter can have, whatever there is to find.

        Raises:
            ValueError: no date, or of `:missing` neither true nor false.
        """
        if self.modifier == "missing":
            if self.values not in {("true",), ("false",)}:
                raise ValueError("neither true nor false")
        elif known[self.name] == "date":
            for value in self.values:
                _asked_for(value)

    def holds(self, meets: Callable[[str], bool], *, is_there: bool) -> bool:
        """Tell whether a resource meets the parameter.

        Args:
            meets: whether it meets one value.
            is_there: whether it has the element at all.

        Raises:
            ValueError: it has a value that it cannot have; see `check`.
        """
        if self.modifier == "missing":
            return is_there is (self.values == ("false",))
        return any(meets(value) for value in self.values) is (self.modifier != "not")


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


def span_of(text: str, zone: tzinfo = UTC) -> Span:
    """Return the time that a date or dateTime names, as precise as it says.

    Args:
        text: as it was written, or stands in a query.
        zone: whose day a bare date is.

    Raises:
        ValueError: it is none.
    """
    text = text.replace(" ", "+")  # a plus sign in a query is a space once it is decoded
    if "T" in text and re.search(r"T\d\d:\d\d(Z|[+-]|$)", text):
        text = re.sub(r"(T\d\d:\d\d)", r"\1:00", text)
    if "T" in text and not re.search(r"(Z|[+-]\d\d:\d\d)$", text):
        text += "Z"
    start = instant(text, zone)
    if "T" not in text:
        return start, end_of(text, zone)
    digits = re.search(r"\.(\d+)", text)
    step = timedelta(microseconds=10 ** max(0, 6 - len(digits[1]))) if digits else _SECOND
    return start, after(start, step)


def meets_date(wanted: str, known: Span | None, zone: tzinfo = UTC) -> bool:
    """Tell whether a time is what `gt2026-03-02`, `le…`, … asks for.

    Raises:
        ValueError: it asks for no date.
    """
    prefix, asked = _asked_for(wanted, zone)
    return known is not None and _COMPARED[prefix](known, asked)


def _asked_for(wanted: str, zone: tzinfo = UTC) -> tuple[str, Span]:
    match = _PREFIXED.fullmatch(wanted)
    if match is None:
        raise ValueError("not a date with its prefix")
    return match[1] or "eq", span_of(match[2], zone)


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


def earliest(wanted: Sequence[Asked]) -> datetime:
    """Return the instant before which nothing meets all of the dates asked for."""
    always = datetime.min.replace(tzinfo=UTC)
    bounds = [
        min((_begin(value, always, asked.zone) for value in asked.values), default=always)
        for asked in wanted
        if not asked.modifier
    ]
    return max(bounds, default=always)


def _begin(wanted: str, always: datetime, zone: tzinfo) -> datetime:
    prefix, asked = _asked_for(wanted, zone)
    return asked[0] if prefix in {"eq", "gt", "ge", "sa"} else always
