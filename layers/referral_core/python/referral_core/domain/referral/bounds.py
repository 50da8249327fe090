"""How long the lists of a projection may become: together they always fit one item of the table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.referral.referral import Referral

MOST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "contacts": 200,
        "offers": 100,
        "notices": 200,
        "reports": 200,
        "reopenings": 50,
        "duplicates": 50,
    }
)
"""More than any true referral has; who sends more has a fault, and is told so."""


def require_room(before: Referral, after: Referral) -> None:
    """Raise unless the lists of a referral's next version keep within their bounds.

    Raises:
        NotLegal: one would grow over its bound.
    """
    for name, most in MOST.items():
        grown = len(getattr(after, name))
        if grown > most and grown > len(getattr(before, name)):
            raise NotLegal(f"The referral has {most} {name} already and takes no more: call us.")
