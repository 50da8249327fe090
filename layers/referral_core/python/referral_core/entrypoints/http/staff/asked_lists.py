"""Which lists of people a query asks for, how far, and what of them it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import (
    LAST,
    Closed,
    Exceptional,
    ItemList,
    OfOwner,
    OfTeam,
    Unassigned,
    Waiting,
    closed_since,
    instant,
)
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.search_parameters import instant_of
from referral_core.entrypoints.http.staff.item_filters import (
    FILTERS,
    LONGEST_BACK,
    days_of,
    filtered,
    refuse_value,
)

LISTED_BY: Final = frozenset(
    {
        *("list", "queue", "owner", "overdue", "due-before", "due-within"),
        "closed-within",
    }
)
"""The parameters that say which list it is, and how far; the others filter it."""
CLOSED_FOR: Final = 7
"""Days back that closed referrals are listed and counted where nobody asks for more."""
_ME: Final = "me"
_ITEMS: Final = "items"
_EXCEPTIONS: Final = "exceptions"
_CLOSED: Final = "closed"
_FILTERED_ALONG: Final[Mapping[str | None, str]] = {_CLOSED: "queue", _EXCEPTIONS: "owner"}
"""What a list is filtered by as it is read, since no index holds it."""

Wanted = Callable[[Referral], bool]


def is_filtered_along(query: Mapping[str, str]) -> bool:
    """Return whether a page of the lists may hold what is not wanted."""
    return bool(FILTERS & query.keys()) or _FILTERED_ALONG.get(query.get("list")) in query


def before_of(query: Mapping[str, str], now: datetime) -> str:
    """Return the place that the lists are read up to."""
    due_before = instant_of(query.get("due-before"))
    if query.get("list") == _CLOSED:
        days = days_of(query, "closed-within", CLOSED_FOR, LONGEST_BACK)
        return closed_since(now - timedelta(days=days))
    bounds = [instant(due_before)] if due_before else []
    if query.get("due-within"):
        days = days_of(query, "due-within", 0, LONGEST_BACK)
        bounds.append(instant(now + timedelta(days=days)))
    if query.get("overdue") == "true":
        bounds.append(instant(now))
    return min(bounds, default=LAST)


def lists_of(principal: Principal, query: Mapping[str, str]) -> list[ItemList]:
    """Return the lists that hold what is asked for."""
    owner, queues = query.get("owner"), _queues(principal, query.get("queue"))
    match query.get("list", _ITEMS):
        case "waiting":
            return [Waiting(queue) for queue in queues]
        case "exceptions":
            return [Exceptional(queue) for queue in queues]
        case "closed":
            return [Closed()]
        case shown if shown != _ITEMS:
            refuse_value("list", (_ITEMS, _EXCEPTIONS, "waiting", _CLOSED))
    match owner:
        case None:
            return [OfTeam(queue) for queue in queues]
        case "none":
            return [Unassigned(queue) for queue in queues]
        case _:
            return [OfOwner(principal.client_id if owner == _ME else owner)]


def wanted_of(principal: Principal, query: Mapping[str, str], now: datetime) -> Wanted:
    """Return what tells a referral that is asked for from another of the lists that are read."""
    queues, shown = frozenset(_queues(principal, query.get("queue"))), query.get("list", _ITEMS)
    # What is closed is of no team any more, unless that of its last one is asked for.
    everywhere = shown == _CLOSED and not query.get("queue")
    meets = filtered(query, now)
    owner = query.get("owner") if shown == _EXCEPTIONS else None
    whose = {None: None, "none": None, _ME: principal.client_id}.get(owner, owner)

    def wanted(referral: Referral) -> bool:
        is_item = referral.work_item is not None and not referral.is_closed
        is_listed = is_item if shown in {_ITEMS, _EXCEPTIONS} else not is_item
        is_whose = owner is None or referral.work_item is None or referral.work_item.owner == whose
        in_queue = everywhere or referral.queue in queues
        return is_listed and is_whose and in_queue and meets(referral)

    return wanted


def _queues(principal: Principal, wanted: str | None) -> list[Queue]:
    if not wanted:
        return [queue for queue in Queue if queue in principal.queues]
    if wanted not in set(Queue):
        _refuse("unknown-queue", f"Name one of the queues {', '.join(Queue)}.")
    if Queue(wanted) not in principal.queues:
        teams = ", ".join(sorted(principal.queues)) or "none"
        raise Forbidden(f"You are not of the team {wanted}; yours: {teams}.")
    return [Queue(wanted)]


def _refuse(code: str, sentence: str) -> None:
    refuse(code, sentence, code="value", status=HTTPStatus.BAD_REQUEST)
