"""Reads and searches: each within the caller's tenant, and a clinic's within its own Tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from referral_core.api.face import Answer, Call, refuse
from referral_core.domain.errors import NotFound
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.updates import Role
from referral_core.fhir.body import Json
from referral_core.fhir.capability import capability_statement
from referral_core.fhir.ids import own_id
from referral_core.fhir.resources import searchset
from referral_core.fhir.tasks import task_a, task_b
from referral_core.ports import Key, KeyKind, Referrals
from referral_core.steps.content import Payload
from referral_core.steps.records import available_actions

VERSION: Final = "0.1.0"
RELEASED: Final = datetime(2026, 11, 24, tzinfo=UTC)

_FEWEST, _DEFAULT, _MOST = 1, 50, 200
_CLOSED: Final = "closed"
_LISTS: Final = (*(q.value for q in Queue), _CLOSED)
_TASK_PARAMETERS: Final = frozenset({"focus", "status", "owner", "_count", "_page", "_id"})
_WORK_PARAMETERS: Final = frozenset({"queue", "owner", "due-before", "_count", "_page"})
_ORDER_PARAMETERS: Final = frozenset({"identifier", "_id", "_count"})


class Worklists(Protocol):
    """The table's lists, page by page."""

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue, soonest due first."""

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List what is in an organization's hands."""


@dataclass(frozen=True)
class ReadRecords:
    """Answers reads; nothing here writes."""

    referrals: Referrals
    worklists: Worklists
    token_url: str

    def metadata(self, base_url: str) -> Answer:
        """Return the CapabilityStatement."""
        statement = capability_statement(base_url, VERSION, RELEASED, self.token_url)
        return Answer(HTTPStatus.OK, statement, {})

    def service_request(self, call: Call, referral_id: str) -> Answer:
        """Return one order as it is stored."""
        referral = self._own(call.principal, referral_id)
        call.principal.require_role(Role.EHR, Role.STAFF)
        return Answer(HTTPStatus.OK, self._stored(referral), _version(referral.payload_version))

    def service_requests(self, call: Call) -> Answer:
        """Search orders by identifier or id."""
        call.principal.require_role(Role.EHR, Role.STAFF)
        _check_parameters(call.query, _ORDER_PARAMETERS)
        found: list[Referral] = []
        if identifier := call.query.get("identifier"):
            key = Key(kind=KeyKind.PLACER, value=identifier, content_hash="")
            taken = self.referrals.taken(call.principal.tenant, key)
            found = (
                _visible(lambda: [self._own(call.principal, taken.referral_id)]) if taken else []
            )
        elif referral_id := call.query.get("_id"):
            found = _visible(lambda: [self._own(call.principal, referral_id)])
        else:
            refuse(
                "search-too-wide",
                "Search ServiceRequest by identifier=system|value or by _id.",
                code="not-supported",
                status=HTTPStatus.BAD_REQUEST,
            )
        return _found(call, "ServiceRequest", [self._stored(r) for r in found])

    def task(self, call: Call, task_id: str) -> Answer:
        """Return the coordination Task, or one offer's Task."""
        own = own_id(task_id)
        if own is None or own.part not in {"a", "b"}:
            raise NotFound("There is no such Task.")
        referral = self._own(call.principal, own.referral_id)
        if own.part == "a":
            call.principal.require_role(Role.EHR, Role.STAFF)
            return Answer(HTTPStatus.OK, self._task_a(referral), _version(referral.version))
        for offer in referral.offers:
            if offer.number == own.number and _may_see(call.principal, offer.organization):
                return Answer(HTTPStatus.OK, task_b(referral, offer), _version(referral.version))
        raise NotFound("There is no such Task.")

    def tasks(self, call: Call) -> Answer:
        """Search Tasks by focus, status and owner, page by page."""
        _check_parameters(call.query, _TASK_PARAMETERS)
        count = _count(call.query)
        if focus := call.query.get("focus"):
            referral_id = focus.rpartition("/")[2]
            found = _visible(lambda: [self._own(call.principal, referral_id)])
            tasks = [t for r in found for t in self._tasks_of(call.principal, r)]
            return _found(call, "Task", _matching(tasks, call.query))
        tasks, following = self._page(call, count)
        return _found(call, "Task", _matching(tasks, call.query), following)

    def available_actions(self, call: Call, referral_id: str) -> Answer:
        """Return what staff may do with a referral now, and why it waits."""
        call.principal.require_role(Role.STAFF)
        referral = self._own(call.principal, referral_id)
        told = [{"name": "why", "valueString": referral.why}]
        told += [{"name": "action", "valueCode": name} for name in available_actions(referral)]
        return Answer(HTTPStatus.OK, {"resourceType": "Parameters", "parameter": told}, {})

    def work_items(self, call: Call) -> Answer:
        """List what waits for people: one queue or all, one owner's, soonest due first.

        An item is due when it is to be decided, whether it is snoozed or overdue by now; the lists
        are ordered by when the router looks next, so a queue is read whole.
        """
        call.principal.require_role(Role.STAFF)
        _check_parameters(call.query, _WORK_PARAMETERS)
        count, wanted = _count(call.query), call.query.get("queue")
        if wanted and wanted not in set(Queue):
            refuse(
                "unknown-queue",
                f"Name one of the queues {', '.join(Queue)}.",
                code="value",
                status=HTTPStatus.BAD_REQUEST,
            )
        queues = [Queue(wanted)] if wanted else list(Queue)
        wanted_by = _instant(call.query.get("due-before"))
        owner = call.query.get("owner")
        found = sorted(
            (
                (_due(referral, item), referral.id, referral, item)
                for queue in queues
                for referral, item in self._items(call.principal.tenant, queue)
                if owner in {None, item.owner}
            ),
            key=lambda one: one[:2],
        )
        begin = call.query.get("_page", "")
        ahead = [
            one
            for one in found
            if f"{one[0].isoformat()}~{one[1]}" > begin
            and (wanted_by is None or one[0] < wanted_by)
        ]
        page, following = ahead[:count], None
        if len(ahead) > count:
            last = page[-1]
            query = {**call.query, "_page": f"{last[0].isoformat()}~{last[1]}"}
            following = f"{call.base_url.removesuffix('/fhir')}/work-items?{urlencode(query)}"
        body = {"workItems": [_work_item(r, item) for _, _, r, item in page], "next": following}
        return Answer(HTTPStatus.OK, body, {})

    def _items(self, tenant: Tenant, queue: Queue) -> Iterable[tuple[Referral, WorkItem]]:
        after: str | None = None
        while True:
            page, after = self.worklists.in_queue(tenant, queue, _MOST, after)
            yield from ((r, r.work_item) for r in page if r.work_item is not None)
            if after is None:
                return

    def _page(self, call: Call, count: int) -> tuple[list[Json], str | None]:
        """Read one page of one list; the page token names the list and where it goes on."""
        tenant, principal = call.principal.tenant, call.principal
        name, _, after = call.query.get("_page", "").partition("~")
        if principal.role is Role.CLINIC:
            page, following = self.worklists.of_performer(
                tenant, principal.organization, count, after or None
            )
            tasks = [t for r in page for t in self._tasks_of(principal, r)]
            return tasks, f"own~{following}" if following else None
        principal.require_role(Role.EHR, Role.STAFF)
        owner = call.query.get("owner", "").rpartition("|")[2].rpartition("/")[2]
        lists = [owner] if owner in _LISTS else list(_LISTS)
        position = lists.index(name) if name in lists else 0
        tasks = []
        while position < len(lists) and len(tasks) < count:
            left = count - len(tasks)
            page, following = self.worklists.in_queue(tenant, lists[position], left, after or None)
            tasks += [self._task_a(r) for r in page if _sees(principal, r)]
            after = following or ""
            position += following is None
        return tasks, f"{lists[position]}~{after}" if position < len(lists) else None

    def _tasks_of(self, principal: Principal, referral: Referral) -> Iterable[Json]:
        if principal.role in {Role.EHR, Role.STAFF}:
            yield self._task_a(referral)
        for offer in referral.offers:
            if _may_see(principal, offer.organization):
                yield task_b(referral, offer)

    def _task_a(self, referral: Referral) -> Json:
        return task_a(referral, Payload.load(self.referrals.payload(referral)).service_request)

    def _stored(self, referral: Referral) -> Json:
        payload = Payload.load(self.referrals.payload(referral))
        return payload.stored(referral)

    def _own(self, principal: Principal, referral_id: str) -> Referral:
        referral = self.referrals.load(principal.tenant, ReferralId(referral_id)).referral
        if not _sees(principal, referral):
            raise NotFound("There is no such record.")
        return referral


def _sees(principal: Principal, referral: Referral) -> bool:
    match principal.role:
        case Role.STAFF:
            return True
        case Role.EHR:
            return referral.referrer == principal.organization
        case Role.CLINIC:
            return any(o.organization == principal.organization for o in referral.offers)
        case _:
            return False


def _may_see(principal: Principal, organization: str) -> bool:
    return principal.role in {Role.EHR, Role.STAFF} or principal.organization == organization


def _visible(read: Callable[[], list[Referral]]) -> list[Referral]:
    try:
        return read()
    except NotFound:
        return []


def _matching(tasks: Iterable[Json], query: Mapping[str, str]) -> list[Json]:
    statuses = {s for s in query.get("status", "").split(",") if s}
    wanted = query.get("_id")
    return [
        t
        for t in tasks
        if (not statuses or t["status"] in statuses) and (wanted is None or t["id"] == wanted)
    ]


def _check_parameters(query: Mapping[str, str], known: frozenset[str]) -> None:
    unknown = sorted(set(query) - known - {"_format"})
    if unknown:
        refuse(
            "unknown-search-parameter",
            f"Search by {', '.join(sorted(known))} only.",
            code="not-supported",
            status=HTTPStatus.BAD_REQUEST,
        )


def _count(query: Mapping[str, str]) -> int:
    text = query.get("_count", str(_DEFAULT))
    if not text.isdecimal() or int(text) < _FEWEST:
        refuse(
            "invalid-count",
            "Send _count as a positive whole number.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return min(int(text), _MOST)


def _instant(text: str | None) -> datetime | None:
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


def _found(
    call: Call, resource: str, found: Sequence[Json], following: str | None = None
) -> Answer:
    def url(query: Mapping[str, str]) -> str:
        return f"{call.base_url}/{resource}?{urlencode(query)}"

    next_url = url({**call.query, "_page": following}) if following else None
    bundle = searchset(found, call.base_url, self_url=url(call.query), next_url=next_url)
    return Answer(HTTPStatus.OK, bundle, {})


def _version(version: int) -> dict[str, str]:
    return {"ETag": f'W/"{version}"'}


def _due(referral: Referral, item: WorkItem) -> datetime:
    return (item.due_at or referral.due_at).astimezone(UTC)


def _work_item(referral: Referral, item: WorkItem) -> Mapping[str, Any]:
    return {
        "id": referral.id,
        "queue": referral.queue.value,
        "reason": item.reason.value,
        "why": referral.why,
        "status": referral.status.value,
        "priority": referral.priority,
        "pathway": referral.pathway,
        "owner": item.owner,
        "comments": item.comments,
        "openedAt": item.opened_at.isoformat(),
        "dueAt": _due(referral, item).isoformat(),
        "snoozedUntil": item.snoozed_until.isoformat() if item.snoozed_until else None,
        "actions": list(available_actions(referral)),
    }
