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
_KNOWN: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {"reason": Reason, "status": Status, "waiting-for": Party}
)
"""The filters whose values are of a vocabulary."""
_OF: Final[Mapping[str, Callable[[Referral], str | None]]] = MappingProxyType(
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
    }
)
FILTERS: Final = frozenset({*_OF, _AGE})


def filtered(query: Mapping[str, str], now: datetime) -> Callable[[Referral], bool]:
    """Return whether a referral meets the filters of a query; several values are alternatives.

    Raises:
        FhirError: a value is not of its vocabulary.
    """
    wanted = {name: frozenset(query[name].split(",")) for name in _OF if query.get(name)}
    for name, known in _KNOWN.items():
        if not wanted.get(name, frozenset()) <= set(known):
            refuse_value(name, known)
    before = now - timedelta(days=_days(query[_AGE])) if query.get(_AGE) else now

    def meets(referral: Referral) -> bool:
        is_old = referral.received_at <= before
        return is_old and all(_OF[name](referral) in values for name, values in wanted.items())

    return meets


def refuse_value(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse a value, and say which there are."""
    sentence = f"Name one of the values of {name}: {', '.join(known)}."
    refuse(f"unknown-{name}", sentence, code="value", status=HTTPStatus.BAD_REQUEST)


def _days(text: str) -> int:
    if not text.isdecimal() or len(text) > len("9999"):
        refuse(
            "invalid-parameter",
            f"Send {_AGE} as a number of days.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return int(text)
