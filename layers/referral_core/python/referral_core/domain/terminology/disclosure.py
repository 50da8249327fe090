"""What an order discloses, and how urgent it is: read of every field, whatever decides the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from referral_core.domain.terminology.order import Coding, Concept, Field, OrderedService
from referral_core.domain.terminology.result import Evidence
from referral_core.domain.terminology.systems import canonical_system
from referral_core.domain.terminology.tables import Meaning, Terminology
from referral_core.domain.terminology.urgency import Priority, Urgency, read_urgency
from referral_core.domain.terminology.urgent_words import UrgentWord
from referral_core.domain.terminology.vocabulary import ConsentClass

_SAY_NO_URGENCY: Final = frozenset({Field.ALSO_SENT, Field.PERFORMER, Field.LOCATION})
"""Fields whose words are names: of places, people and other documents."""


def classes_of(order: OrderedService, known: Terminology) -> frozenset[ConsentClass]:
    """Return each class that an order names, at whatever place; none is none."""
    named = (meaning for meaning, _ in (*_codes(order, known), *_texts(order, known)))
    return frozenset(_class_of(meaning, known) for meaning in named) - {ConsentClass.NONE}


def consent_of(order: OrderedService, known: Terminology) -> tuple[ConsentClass, Evidence | None]:
    """Return the strictest class of all that an order names, and what names it.

    The words beside a code count too: an unknown code named "Alcohol detoxification" discloses.
    """
    disclosed = [
        (consent, evidence())
        for meaning, evidence in (*_codes(order, known), *_texts(order, known))
        if (consent := _class_of(meaning, known)) is not ConsentClass.NONE
    ]
    if not disclosed:
        return ConsentClass.NONE, None
    return min(disclosed, key=lambda found: (-found[0].rank, _sort_key(found[1])))


def _sort_key(evidence: Evidence) -> tuple[str, ...]:
    order = list(Field).index(evidence.field)
    return (str(order), evidence.by, evidence.system or "", evidence.code or "", evidence.source)


def _class_of(meaning: Meaning, known: Terminology) -> ConsentClass:
    row = known.specialty(meaning.specialty) if meaning.specialty else None
    return max((meaning.consent, row.consent if row else meaning.consent), key=lambda c: c.rank)


def disclosing(concepts: Iterable[Concept], known: Terminology) -> Iterator[Concept]:
    """Iterate over what of concepts discloses: codes, and words of texts, each once.

    An order that said only this would disclose the same.
    """
    found: dict[Concept, None] = {}
    for concept in concepts:
        for coding in concept.codings:
            meaning = known.find_disclosed(coding.system, coding.code)
            if meaning is not None and _class_of(meaning, known) is not ConsentClass.NONE:
                found[Concept(codings=(coding.but(display=None),))] = None
        for text in (concept.text, *(coding.display for coding in concept.codings)):
            said = known.disclosed_by(text) if text else ()
            found |= {Concept(text=words): None for words in said}
    yield from found


def urgency_of(order: OrderedService, known: Terminology) -> Urgency:
    """Return how urgent an order is."""
    stated: list[tuple[Priority, str]] = [
        (meaning.urgency, evidence().code or "")
        for meaning, evidence in _codes(order, known, besides=Field.ALSO_SENT)
        if meaning.urgency is not None
    ]
    start, end = order.occurrence_start, order.occurrence_end
    # What begins after it ends says nothing of its beginning.
    starts_on = start if start and not (end and start > end.date()) else None
    return read_urgency(
        order.priority,
        order.task_priorities,
        stated,
        ((word.level, word.word) for word in urgent_words(order, known)),
        (starts_on, end, order.received_at),
        nearness=known.nearness,
    )


def urgent_words(order: OrderedService, known: Terminology) -> Iterator[UrgentWord]:
    """Iterate over the words of urgency in the texts and notes of an order, each once."""
    fields = (field for field in Field if field not in _SAY_NO_URGENCY)
    spoken = (text for field in fields for one in order.concepts(field) for text in one.spoken)
    found: dict[UrgentWord, None] = {}
    for text in (*spoken, *order.notes):
        found |= dict.fromkeys(known.urgent_words.found_in(text))
    yield from found


_Found = tuple[Meaning, Callable[[], Evidence]]
"""What an order names; what names it is put in words for the few that matter."""


def _codes(
    order: OrderedService, known: Terminology, *, besides: Field | None = None
) -> Iterator[_Found]:
    for field in Field:
        for concept in order.concepts(field) if field is not besides else ():
            for coding in concept.codings:
                meaning = known.find_disclosed(coding.system, coding.code)
                if meaning is not None:
                    yield meaning, partial(_by_code, field, coding, meaning)


def _by_code(field: Field, coding: Coding, meaning: Meaning) -> Evidence:
    return Evidence(
        field=field,
        by="range" if meaning.last else "code",
        system=canonical_system(coding.system),
        code=(coding.code or "").strip(),
        source=meaning.source,
    )


def _texts(order: OrderedService, known: Terminology) -> Iterator[_Found]:
    for field in Field:
        for concept in order.concepts(field):
            for text in (concept.text, *(coding.display for coding in concept.codings)):
                for meaning in known.said_in(text) if text else ():
                    yield meaning, partial(_by_words, field, meaning)


def _by_words(field: Field, meaning: Meaning) -> Evidence:
    return Evidence(field=field, by="text", source=meaning.source)
