"""What of an order the steps read has a bound: it stands in an item of the table, beside the rest.

The order as it was sent stays whole, and goes to the clinic whole, however long its texts are. Of
what is too long here, a beginning is kept for people to read, and every code and word by which the
tables of this release see what the order discloses, which service it names and that it hurries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from referral_core.domain.orders.clinical_content import (
    ClinicalContent,
    PatientContent,
    Reason,
    ServiceContent,
)
from referral_core.domain.terminology import Concept, Field, OrderedService, terminology
from referral_core.domain.terminology.disclosure import disclosing, urgent_words

ROOM: Final = 24 * 1024
"""Bytes of each: the service wanted, its reasons, its notes; four of them fit an item often."""
MOST_IDENTIFIERS: Final = 500
_MOST: Final = 50
"""Reasons, concepts of a field, codings of a concept, former names, lines of an address."""
_MOST_CONCEPTS: Final = 500
"""What an order and all that goes along with it say by codes, before it is cut."""
_BEGINNING: Final = 256
"""Characters that are kept of a text that is too long."""


def bounded(content: ClinicalContent) -> ClinicalContent:
    """Return content that fits its item; what fits already is the same object."""
    found = {
        "patient": _patient(content.patient),
        "service": _service(content.service),
        "reasons": _reasons(content.reasons),
        "notes": _beginnings(content.notes),
    }
    new = {name: value for name, value in found.items() if value is not getattr(content, name)}
    return content.but(**new) if new else content


def _patient(patient: PatientContent) -> PatientContent:
    lists = (
        ("former_families", _MOST),
        ("address_lines", _MOST),
        ("identifiers", MOST_IDENTIFIERS),
    )
    cut = {name: getattr(patient, name)[:most] for name, most in lists}
    new = {name: value for name, value in cut.items() if value != getattr(patient, name)}
    return patient.but(**new) if new else patient


def _reasons(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return the reasons, those that are too many or too long by their beginnings."""
    if _size(reason.text for reason in reasons) <= ROOM and len(reasons) <= _MOST:
        return reasons
    cut = (reason.but(text=_beginning(reason.text)) for reason in reasons)
    return tuple(dict.fromkeys(cut))[:_MOST]


def _beginnings(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts as far as there is room: the last one by its beginning."""
    if _size(texts) <= ROOM:
        return texts
    kept, left = [], ROOM
    for text in texts:
        kept.append(text.encode()[:left].decode(errors="ignore"))
        left -= len(text.encode())
        if left <= 0:
            kept[-1] += " …"
            break
    return tuple(kept)


def _service(service: ServiceContent) -> ServiceContent:
    wanted, display = _wanted(service.wanted), _beginning(service.display)
    if wanted is service.wanted and display == service.display:
        return service
    return service.but(wanted=wanted, display=display)


def _wanted(wanted: OrderedService) -> OrderedService:
    concepts = {field: wanted.concepts(field) for field in Field}
    every = [concept for found in concepts.values() for concept in found]
    if len(every) <= _MOST_CONCEPTS and _size((*_texts(every), *wanted.notes)) <= ROOM:
        return wanted
    cut = {
        field.name.lower(): tuple(dict.fromkeys(map(_cut, found)))[:_MOST]
        for field, found in concepts.items()
        if field is not Field.ALSO_SENT
    }
    known = terminology()
    notes = tuple(word.word for word in urgent_words(wanted, known))
    return wanted.but(**cut, also_sent=tuple(disclosing(every, known)), notes=notes)


def _cut(concept: Concept) -> Concept:
    """Return a concept by its beginnings; codings that the tables know are kept before others."""
    known, codings = terminology(), tuple(dict.fromkeys(concept.codings))
    ranked = sorted(codings, key=lambda coding: known.find(coding.system, coding.code) is None)
    kept = frozenset(ranked[:_MOST])
    return Concept(
        codings=tuple(c.but(display=_beginning(c.display)) for c in codings if c in kept),
        text=_beginning(concept.text),
    )


def _texts(concepts: Iterable[Concept]) -> Iterator[str]:
    for concept in concepts:
        yield from filter(None, (concept.text, *(c.display for c in concept.codings)))


def _size(texts: Iterable[str | None]) -> int:
    return sum(len(text.encode()) for text in texts if text)


def _beginning(text: str | None) -> str | None:
    return text if text is None or len(text) <= _BEGINNING else f"{text[:_BEGINNING]} …"
