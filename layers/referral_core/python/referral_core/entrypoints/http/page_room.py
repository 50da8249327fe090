"""How much a page may hold: an answer of a function has 6 MB, in which quotes are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import islice
from sys import maxsize
from typing import Final, NoReturn

from referral_core.domain import exact_json
from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.parse import Json

MOST_BYTES: Final = 3_500_000
"""Of the resources of a page. Quotes and line ends take two bytes each in the function's answer."""


class PageRoom:
    """The room that is left on a page; the first resource fits always, or nothing would go on."""

    def __init__(self, most: int | None = None) -> None:
        self._left = MOST_BYTES if most is None else most
        self._is_empty = True

    def takes(self, resource: Json) -> bool:
        """Take a resource onto the page; False when there is no room left for it."""
        size = len(exact_json.dumps(resource, ensure_ascii=True))
        if size > self._left and not self._is_empty:
            return False
        self._left, self._is_empty = self._left - size, False
        return True


def bounded(
    resources: Iterable[Json], begin: int = 0, most: int = maxsize
) -> tuple[list[Json], int | None]:
    """Read as many resources as a page has room for, from a place in the list on.

    Args:
        resources: the whole list.
        begin: the place of the first.
        most: how many a page may hold, whatever room they need.

    Returns:
        The page, and the place of the first that is not on it; None where none is left.
    """
    room, found = PageRoom(), list[Json]()
    for resource in islice(resources, begin, None):
        if len(found) == most or not room.takes(resource):
            return found, begin + len(found)
        found.append(resource)
    return found, None


def begin_of(query: Mapping[str, str], name: str, first: int = 0) -> int:
    """Return where a page of a list begins; the first one where the query names none.

    Raises:
        FhirError: 400, the page is none of this list.
    """
    if "_page" not in query:
        return first
    found = re.fullmatch(rf"{name}~(\d{{1,9}})", query["_page"])
    if found is None:
        refuse_foreign_page()
    return int(found[1])


def refuse_foreign_page() -> NoReturn:
    """Refuse a page that this search did not name.

    Raises:
        FhirError: 400.
    """
    refuse(
        "foreign-page-token",
        "This page is none of this search: follow the links of its Bundle, or search anew.",
        code="value",
        status=HTTPStatus.BAD_REQUEST,
    )
