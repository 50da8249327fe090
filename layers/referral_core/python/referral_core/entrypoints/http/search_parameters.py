"""Search parameters: which are known, how many results, from when on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from referral_core.entrypoints.http.errors import refuse

_FEWEST, _DEFAULT = 1, 50
_DIGITS: Final = 9
MOST: Final = 200
"""Results of one page."""


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


def instant_of(text: str | None) -> datetime | None:
    """Return the instant that a parameter names, if it is there."""
    if text is None:
        return None
    try:
        # A plus sign in a query is a space once it is decoded.
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        refuse(
            "invalid-instant",
            "Send due-before as an instant with its offset: 2026-03-02T15:00:00Z.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return at
