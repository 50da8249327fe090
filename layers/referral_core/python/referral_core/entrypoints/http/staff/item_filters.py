"""The filters of people's lists: what a referral must be, besides being in the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NoReturn

from referral_core.domain.lifecycle import Party, Status
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.http.errors import refuse

_AGE: Final = "older-than"
_OLDEST: Final = 9_999
LONGEST_BACK: Final = 366
"""Days that a list looks back or ahead at most."""
_KNOWN: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {"reason": Reason, "status": Status, "waiting-for": Party}
)
"""The filters whose values are of a vocabulary."""
VALUES: Final[Mapping[str, Callable[[Referral], str | None]]] = MappingProxyType(
    {
        "reason": lambda r: r.work_item.reason if r.work_item else None,
        "status": lambda r: r.status,
        "waiting-for": lambda r: r.waits_for,
        "priority": lambda r: r.priority,
        "pathway": lambda r: r.pathway,
        "specialty": lambda r: r.service.specialty,
        "payer": lambda r: r.eligibility.payer if r.eligibility else None,
        "clinic": lambda r: r.offer.organization if r.offer else None,
        "referrer": lambda r: r.referrer,
        "practice": lambda r: r.origin.practice,
        "language": lambda r: r.origin.language,
    }
)
"""The filters, each with what it compares of a referral."""
FILTERS: Final = frozenset({*VALUES, _AGE})


def filtered(query: Mapping[str, str], now: datetime) -> Callable[[Referral], bool]:
    """Return whether a referral meets the filters of a query; several values are alternatives.

    Raises:
        FhirError: a value is not of its vocabulary.
    """
    wanted = {name: frozenset(query[name].split(",")) for name in VALUES if query.get(name)}
    for name, known in _KNOWN.items():
        if not wanted.get(name, frozenset()) <= set(known):
            refuse_value(name, known)
    before = now - timedelta(days=days_of(query, _AGE, 0, _OLDEST))

    def meets(referral: Referral) -> bool:
        is_old = referral.received_at <= before
        return is_old and all(VALUES[name](referral) in values for name, values in wanted.items())

    return meets


def refuse_value(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse a value, and say which there are."""
    sentence = f"Name one of the values of {name}: {', '.join(known)}."
    refuse(f"unknown-{name}", sentence, code="value", status=HTTPStatus.BAD_REQUEST)


def days_of(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """Return a parameter that says a number of days.

    Raises:
        FhirError: it is none, or more than `most`.
    """
    text = query.get(name) or str(usual)
    if not text.isdecimal() or len(text) > len(str(most)) or int(text) > most:
        refuse(
            "invalid-parameter",
            f"Send {name} as a number of days up to {most}.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return int(text)
