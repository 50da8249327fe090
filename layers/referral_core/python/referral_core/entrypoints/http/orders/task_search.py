"""Searching Tasks: those that are named, else along the caller's own list, page by page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import NotFound
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request
from referral_core.entrypoints.http.lists import Worklists
from referral_core.entrypoints.http.page_room import begin_of, refuse_foreign_page
from referral_core.entrypoints.http.search_parameters import SHAPES, count_of, counts_only
from referral_core.fhir.parse import Json
from referral_core.fhir.search import TASK_SEARCH, Asked, meets_reference, meets_token

TASK_SHAPES: Final = SHAPES - {"_sort"}
TASK_PARAMETERS: Final = frozenset(TASK_SEARCH) | TASK_SHAPES

_CLOSED: Final = "closed"
_OWN_LIST: Final = "own"
_NAMED: Final = "n"
_LISTS: Final = (*(q.value for q in Queue), _CLOSED)
_TOKEN: Final = re.compile(r"[a-z\-]+~([A-Za-z0-9\-]{1,64}(\|[ -~]{1,80})?)?", re.ASCII)
_STRETCH: Final = 200
_MOST_STRETCHES: Final = 5
_STATUS: Final = "http://hl7.org/fhir/task-status"


class TaskPage(NamedTuple):
    """Some of what a search finds, where it goes on, and how many there are if that was asked."""

    found: Sequence[Json]
    following: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class TaskSearch:
    """Searches the Tasks that a caller may see.

    Attributes:
        worklists: the table's lists.
        referral: loads a referral of the caller's, or raises NotFound.
        tasks_of: the Tasks of a referral that a caller may see.
    """

    worklists: Worklists
    referral: Callable[[Principal, str], Referral]
    tasks_of: Callable[[Principal, Referral], Iterable[Json]]

    def page(self, request: Request) -> TaskPage:
        """Return one page of what meets all parameters."""
        asked, named = _asked(request), self._all_named(request)
        if named is not None:
            return self._of_named(request, named)
        if counts_only(request.query):
            return TaskPage((), total=self._total(request))
        page = request.query.get("_page")
        tasks, following = self._listed(request, count_of(request.query), page, asked)
        return TaskPage(list(_meeting(asked, tasks)), following)

    def count(self, request: Request) -> int | None:
        """Return how many Tasks meet a search, on all its pages; None: too many to count."""
        named = self._all_named(request)
        if named is not None:
            return len(named)
        total, page, asked = 0, None, _asked(request)
        for _ in range(_MOST_STRETCHES):
            tasks, page = self._listed(request, _STRETCH, page, asked)
            total += sum(1 for _ in _meeting(asked, tasks))
            if page is None:
                return total
        return None

    def _all_named(self, request: Request) -> list[Json] | None:
        """List what is asked for by name; None: nothing is."""
        asked = _asked(request)
        plain = (one for one in asked if one.name in {"_id", "focus"} and not one.modifier)
        named = next(plain, None)
        return list(_meeting(asked, self._named(request, named))) if named else None

    def _of_named(self, request: Request, found: list[Json]) -> TaskPage:
        if counts_only(request.query):
            return TaskPage((), total=len(found))
        begin, count = begin_of(request.query, _NAMED), count_of(request.query)
        end = begin + count
        return TaskPage(found[begin:end], f"{_NAMED}~{end}" if len(found) > end else None)

    def _named(self, request: Request, named: Asked) -> Iterator[Json]:
        """Iterate over the Tasks of the referrals that are asked for by name."""
        principal = request.principal
        ids = (value.rpartition("/")[2].partition(".")[0] for value in named.values)
        for referral_id in dict.fromkeys(ids):
            try:
                referral = self.referral(principal, referral_id)
            except NotFound:
                continue
            yield from self.tasks_of(principal, referral)

    def _total(self, request: Request) -> int:
        total = self.count(request)
        if total is None:
            refuse(
                "too-many-to-count",
                "Too many Tasks to count: search by focus or _id.",
                code="too-costly",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        return total

    def _listed(
        self, request: Request, count: int, page: str | None, asked: Sequence[Asked]
    ) -> tuple[list[Json], str | None]:
        """Read one page of one list; the page token names the list and where it goes on."""
        tenant, principal = request.principal.tenant, request.principal
        name, _, after = (page or "").partition("~")
        if page is not None and (name not in {*_LISTS, _OWN_LIST} or not _TOKEN.fullmatch(page)):
            refuse_foreign_page()
        own = {
            Role.CLINIC: self.worklists.of_performer,
            Role.EHR: self.worklists.of_referrer,
        }.get(principal.role)
        if own is not None:
            found, following = own(tenant, principal.organization, count, after or None)
            tasks = [t for r in found for t in self._own_tasks(principal, r)]
            return tasks, f"{_OWN_LIST}~{following}" if following else None
        lists = _lists_of(asked)
        position = lists.index(name) if name in lists else 0
        tasks = []
        while position < len(lists) and len(tasks) < count:
            left = count - len(tasks)
            found, following = self.worklists.in_queue(tenant, lists[position], left, after or None)
            tasks += [t for r in found for t in self._own_tasks(principal, r)]
            after = following or ""
            position += following is None
        return tasks, f"{lists[position]}~{after}" if position < len(lists) else None

    def _own_tasks(self, principal: Principal, referral: Referral) -> Iterator[Json]:
        """Iterate over what a list shows of a referral: of an order, its coordination only."""
        for task in self.tasks_of(principal, referral):
            if principal.role is Role.CLINIC or str(task["id"]).endswith(".a"):
                yield task


def _asked(request: Request) -> list[Asked]:
    return [Asked.of(name, value) for name, value in request.parameters]


def _lists_of(asked: Sequence[Asked]) -> list[str]:
    """Return the lists to look through: that of the one team that is asked for, or all."""
    owners = [one for one in asked if one.name == "owner" and not one.modifier]
    named = {_last(value) for one in owners[:1] for value in one.values}
    return [*(one for one in _LISTS if one in named), _CLOSED] if named else list(_LISTS)


def _last(value: str) -> str:
    return value.rpartition("|")[2].rpartition("/")[2]


def _meeting(asked: Sequence[Asked], tasks: Iterable[Json]) -> Iterator[Json]:
    for task in tasks:
        if all(_meets(one, task) for one in asked if one.name in TASK_SEARCH):
            yield task


def _meets(asked: Asked, task: Json) -> bool:
    known = task["id"] if asked.name == "_id" else task.get(asked.name)
    return asked.holds(lambda value: _is(asked.name, value, known), is_there=known is not None)


def _is(name: str, wanted: str, known: Any) -> bool:
    match name:
        case "_id":
            return wanted == str(known)
        case "status":
            return meets_token(wanted, [(_STATUS, known), ("", known)])
        case "focus":
            own = known["reference"].rpartition("/")[2]
            # An order finds its offers' Tasks too: their focus is the order as a clinic has it.
            return wanted.rpartition("/")[2] in {own, own.partition(".")[0]}
        case _:
            own = known.get("identifier", {}).get("value")
            is_own = "|" not in wanted and wanted.rpartition("/")[2] == own
            return is_own or meets_reference(wanted, known, None)
