"""Lists of people read one after the other to their ends: in pieces, each with where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from referral_core.domain.ids import Tenant
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import FIRST, LAST, ItemList
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.lists import WorkLists

BEGIN: Final = ""
"""Where a walk begins."""
_PAGE: Final = 100
_PAGES: Final = 5
"""Pages of a piece that do not end their list: lists that are short are read together."""


def walked(
    lists: WorkLists, tenant: Tenant, of: Sequence[ItemList], after: str, *, before: str = LAST
) -> tuple[list[Referral], str | None]:
    """Read the next some hundred referrals of some lists.

    Args:
        lists: where they are read from.
        tenant: whose they are.
        of: which lists.
        after: `BEGIN`, or where the piece before ended.
        before: a place that no list is read beyond.

    Returns:
        The referrals, and where to go on; None: every list was read to its end.

    Raises:
        FhirError: `after` is no place of these lists.
    """
    at, place = _place(after, len(of))
    found: list[Referral] = []
    unended = 0
    while at < len(of) and unended < _PAGES:
        page, end = lists.items(tenant, of[at], _PAGE, after=place, before=before)
        found += page
        at, place = (at, end) if end is not None else (at + 1, FIRST)
        unended += end is not None
    return found, None if at == len(of) else f"{at}.{place}"


def _place(after: str, lists: int) -> tuple[int, str]:
    if after == BEGIN:
        return 0, FIRST
    number, _, place = after.partition(".")
    is_known = number.isdecimal() and len(number) <= len(str(lists)) and int(number) < lists
    if not (is_known and place):
        sentence = "Follow `next` as it was given; no other page can be asked for."
        refuse("invalid-page", sentence, code="value", status=HTTPStatus.BAD_REQUEST)
    return int(number), place
