"""Which identifiers of an order make two posts one order, and which it is only found by.

A number means something within its system; one without is the assigner's, and two assigners may
well give the same. Without either it is nobody's: it tells no two orders apart and makes no one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from referral_core.fhir.r4.datatypes import Identifier, Reference, Resource
from referral_core.fhir.systems import IDENTIFIER_TYPE, REFERRAL

_PLACER: Final = (f"{IDENTIFIER_TYPE}|PLAC", "PLAC")
_SHARED: Final = tuple(
    token
    for code in ("ACSN", "AN", "FGN", "MR", "PGN", "PI", "PNT", "VN")
    for token in (f"{IDENTIFIER_TYPE}|{code}", code)
)
"""The types (HL7 v2 table 0203) of what several orders have in common: group, visit, patient, …."""


def numbers_in(model: Resource) -> set[str]:
    """Return the identifiers of a resource as `system|value`, of one whose type we read."""
    found = getattr(model, "identifier", ())
    several: Iterable[Identifier | None] = found if isinstance(found, tuple) else (found,)
    return {one.token for one in several if one is not None and one.token}


def order_numbers(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    """List the order's own numbers as keys: the placer's first, ours left out.

    `system|value`, or `assigner:<who>|value` where only an assigner says whose number it is.
    """
    own = [i for i in _theirs(identifiers) if i.type is None or not i.type.has(*_SHARED)]
    placed = [i for i in own if i.type is not None and i.type.has(*_PLACER)]
    return _keys((*placed, *own))


def other_identifiers(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    """List the identifiers that several orders may share: an order is found by them.

    Among them `|value` of each number that has no system.
    """
    known = _theirs(identifiers)
    own = order_numbers(known)
    shared = [key for key in _keys(known) if key not in own]
    alone = [token for i in known if not i.system and (token := i.token)]
    return tuple(dict.fromkeys((*shared, *alone)))


def _theirs(identifiers: Iterable[Identifier]) -> list[Identifier]:
    return [i for i in identifiers if i.value and i.system != REFERRAL]


def _keys(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for i in identifiers if (key := _key(i)) is not None))


def _key(identifier: Identifier) -> str | None:
    if identifier.system:
        return identifier.token
    assigner = _assigner(identifier.assigner)
    return f"assigner:{assigner}|{identifier.value}" if assigner else None


def _assigner(assigner: Reference | None) -> str | None:
    if assigner is None:
        return None
    token = assigner.identifier.token if assigner.identifier else None
    return token or assigner.reference or assigner.display
