"""The worklist of staff: what waits for people, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import (
    FIRST,
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
    place_in_list,
)
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.search_parameters import (
    check_parameters,
    count_of,
    instant_of,
)
from referral_core.entrypoints.http.staff.item_filters import (
    FILTERS,
    LONGEST_BACK,
    days_of,
    filtered,
    refuse_value,
)
from referral_core.entrypoints.http.staff.service_question import parameters_of, question_of
from referral_core.entrypoints.http.staff.views import item_row, patient_row
from referral_core.lifecycle.reactions.work_item import available_actions
from referral_core.ports.lifecycle import Clock, Referrals

ITEM_PARAMETERS: Final = FILTERS | {
    *("list", "queue", "owner", "overdue", "due-before", "due-within"),
    *("closed-within", "_include", "_count", "_page"),
}
_ME: Final = "me"
_ITEMS: Final = "items"
_EXCEPTIONS: Final = "exceptions"
_CLOSED: Final = "closed"
_FILTERED_ALONG: Final[Mapping[str | None, str]] = {_CLOSED: "queue", _EXCEPTIONS: "owner"}
"""What a list is filtered by as it is read, since no index holds it."""
_READ_ON: Final = 4
"""How often a page reads on where it is filtered; a page may be short, its `next` goes on."""
_CLOSED_FOR: Final = 7
"""Days back that closed referrals are listed and counted where nobody asks for more."""

Wanted = Callable[[Referral], bool]


class _Read(NamedTuple):
    """What one reading of some lists brought. Attributes: end: where it ends; None: at the end."""

    referrals: list[Referral]
    end: str | None


@dataclass(frozen=True)
class ListWorkItems:
    """Answers staff; nothing here writes."""

    referrals: Referrals
    lists: WorkLists
    clock: Clock
    people: Callable[[Tenant], Sequence[Principal]]
    unmatched: Callable[[Tenant], int]

    def available_actions(self, request: Request) -> Response:
        """Return what staff may do with a referral now, and why it waits."""
        referral = self.referrals.load(
            request.principal.tenant, ReferralId(request.resource_id)
        ).referral
        parameters: list[Mapping[str, Any]] = [
            {"name": "statusReason", "valueString": referral.status_reason}
        ]
        parameters += [{"name": "action", "valueCode": a} for a in available_actions(referral)]
        question = question_of(self.referrals, referral)
        parameters += parameters_of(question) if question else ()
        body = {"resourceType": "Parameters", "parameter": parameters}
        return Response(HTTPStatus.OK, body)

    def work_items(self, request: Request) -> Response:
        """List what waits for people, the first due first: of the caller's teams only.

        Or of these what should not have come up (`list=exceptions`); or what waits for others
        (`list=waiting`), or is closed (`list=closed`, the last first). An
        item is due when it is to be decided, whether it is snoozed or overdue by now. A page reads
        as many entries as it shows, whatever is open or closed beside them.
        """
        query, principal = request.query, request.principal
        check_parameters(query, ITEM_PARAMETERS)
        count, read = count_of(query), _Read([], query.get("_page") or FIRST)
        lists, wanted = _lists(principal, query), _wanted(principal, query, self.clock.now())
        before = self._before(query)
        found: list[Referral] = []
        is_filtered = FILTERS & query.keys() or _FILTERED_ALONG.get(query.get("list")) in query
        for _ in range(_READ_ON if is_filtered else 1):
            read = self._read(principal, lists, count, read.end or FIRST, before)
            found += [r for r in read.referrals if wanted(r)]
            if read.end is None or len(found) >= count:
                break
        page, end = found[:count], read.end
        if len(found) > count:
            end = place_in_list(page[-1])
        return Response(HTTPStatus.OK, self._body(request, page, end))

    def counts(self, request: Request) -> Response:
        """Count the open items of each of the caller's teams, and the caller's own."""
        principal = request.principal
        tenant, now = principal.tenant, instant(self.clock.now())
        teams = {
            queue.value: {
                "open": self.lists.count(tenant, OfTeam(queue)),
                "overdue": self.lists.count(tenant, OfTeam(queue), before=now),
                "unassigned": self.lists.count(tenant, Unassigned(queue)),
                "exceptions": self.lists.count(tenant, Exceptional(queue)),
                "waiting": self.lists.count(tenant, Waiting(queue)),
            }
            for queue in Queue
            if queue in principal.queues
        }
        own = OfOwner(principal.client_id)
        mine = {
            "open": self.lists.count(tenant, own),
            "overdue": self.lists.count(tenant, own, before=now),
        }
        since = self.clock.now() - timedelta(days=_CLOSED_FOR)
        closed = {
            "since": since.isoformat(),
            "count": self.lists.count(tenant, Closed(), before=closed_since(since)),
        }
        body = {
            "teams": teams,
            "mine": mine,
            "closed": closed,
            "unmatched": self.unmatched(tenant),
        }
        if principal.is_manager and request.query.get("by") == "person":
            body["people"] = self._loads(tenant, now)
            nobodys = [Unassigned(queue) for queue in Queue if queue in principal.queues]
            body["nobody"] = {
                "open": sum(self.lists.count(tenant, each) for each in nobodys),
                "overdue": sum(self.lists.count(tenant, each, before=now) for each in nobodys),
            }
        return Response(HTTPStatus.OK, body)

    def _loads(self, tenant: Tenant, now: str) -> Mapping[str, Mapping[str, int]]:
        """Count what each person has, and how much of it is late."""
        owners = [(p.client_id, OfOwner(p.client_id)) for p in self.people(tenant)]
        return {
            name: {
                "open": self.lists.count(tenant, own),
                "overdue": self.lists.count(tenant, own, before=now),
            }
            for name, own in owners
        }

    def _read(
        self,
        principal: Principal,
        lists: Sequence[ItemList],
        count: int,
        after: str,
        before: str,
    ) -> _Read:
        """Read the next items of some lists as one: as far as every list was read."""
        found: dict[str, Referral] = {}
        ends: list[str] = []
        for each in lists:
            page, end = self.lists.items(principal.tenant, each, count, after=after, before=before)
            found.update((place_in_list(r), r) for r in page)
            ends += [end] if end is not None else []
        end = min(ends, default=None)
        places = sorted(place for place in found if end is None or place <= end)
        return _Read([found[place] for place in places], end)

    def _before(self, query: Mapping[str, str]) -> str:
        due_before = instant_of(query.get("due-before"))
        if query.get("list") == _CLOSED:
            days = days_of(query, "closed-within", _CLOSED_FOR, LONGEST_BACK)
            return closed_since(self.clock.now() - timedelta(days=days))
        bounds = [instant(due_before)] if due_before else []
        if query.get("due-within"):
            days = days_of(query, "due-within", 0, LONGEST_BACK)
            bounds.append(instant(self.clock.now() + timedelta(days=days)))
        if query.get("overdue") == "true":
            bounds.append(instant(self.clock.now()))
        return min(bounds, default=LAST)

    def _body(
        self, request: Request, page: Sequence[Referral], end: str | None
    ) -> Mapping[str, Any]:
        shown = [{**item_row(r), **self._question(r)} for r in page]
        if request.query.get("_include") == "patient":
            payloads = self.lists.payloads(page)
            for row, referral in zip(shown, page, strict=True):
                stored = payloads.get(referral.id)
                row["patient"] = patient_row(ClinicalPayload.load(stored)) if stored else None
        following = None
        if end is not None:
            url = f"{request.base_url.removesuffix('/fhir')}/work-items"
            following = f"{url}?{urlencode({**request.query, '_page': end})}"
        return {"workItems": shown, "next": following, "now": self.clock.now().isoformat()}

    def _question(self, referral: Referral) -> Mapping[str, Any]:
        question = question_of(self.referrals, referral)
        return {"question": question} if question else {}


def _lists(principal: Principal, query: Mapping[str, str]) -> list[ItemList]:
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


def _wanted(principal: Principal, query: Mapping[str, str], now: datetime) -> Wanted:
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
