"""What a person may choose from when an order was not understood: offered, never taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_core.domain.terminology.order import OrderedService
from referral_core.domain.terminology.result import Choice
from referral_core.domain.terminology.systems import LOINC
from referral_core.domain.terminology.tables import Terminology
from referral_core.domain.terminology.text import contains_phrase, normalised

_MOST: Final = 8
_SHORTEST: Final = 4
"""Letters that a name must have to be looked for among other words."""


def is_called_off(order: OrderedService, known: Terminology) -> bool:
    """Whether the words of what is asked for say that it is not wanted after all."""
    asked = (*order.performer_type, *order.code, *order.order_detail)
    return any(known.calls_off(text) for concept in asked for text in concept.spoken)


def words_name(text: str) -> bool:
    """Whether a text has words at all."""
    return bool(normalised(text))


def choices(
    order: OrderedService, named: Sequence[tuple[str, str]], known: Terminology
) -> tuple[Choice, ...]:
    """Return the specialties that may be meant, the likeliest first.

    First come those that codes name, then those whose name stands in the words, the longest name
    first. Names of LOINC are no words of people: "MR Hand" is an image, and a man.

    Args:
        order: the order.
        named: specialties that its codes name, with their names, when they contradict each other.
        known: the tables.
    """
    found: dict[str, Choice] = {}
    for specialty, name in named:
        found.setdefault(
            specialty, Choice(specialty=specialty, name=name, because="A code of the order.")
        )
    words = [normalised(text) for text in order.words()]
    ranked = sorted(
        (-len(phrase), phrase, meaning.specialty or "")
        for phrase, meaning in known.names()
        if meaning.system != LOINC
        and len(phrase) >= _SHORTEST
        and any(contains_phrase(w, phrase) for w in words)
    )
    for _, phrase, specialty in ranked:
        row = known.specialty(specialty)
        name = (row.display if row else None) or specialty
        because = f"The words “{phrase}”."
        found.setdefault(specialty, Choice(specialty=specialty, name=name, because=because))
    return tuple(found.values())[:_MOST]
