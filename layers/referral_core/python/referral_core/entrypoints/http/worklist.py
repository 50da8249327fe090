"""The worklist of staff: what waits for people, and what may be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import Referral, WorkItem
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import Worklists
from referral_core.entrypoints.http.search_parameters import (
    MOST,
    check_parameters,
    count_of,
    instant_of,
)
from referral_core.entrypoints.http.service_question import parameters_of, question_of
from referral_core.lifecycle.reactions.work_item import available_actions
from referral_core.ports import Referrals

_PARAMETERS: Final = frozenset({"queue", "owner", "due-before", "_count", "_page"})


class _Entry(NamedTuple):
    """One open work item; entries sort by when they are due."""

    due_at: datetime
    id: ReferralId
    referral: Referral
    item: WorkItem

    @property
    def place(self) -> str:
        """Where it stands in the list, as page tokens name it."""
        return f"{self.due_at.isoformat()}~{self.id}"


@dataclass(frozen=True)
class ListWorkItems:
    """Answers staff; nothing here writes."""

    referrals: Referrals
    worklists: Worklists

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
        """List what waits for people: one queue or all, one owner's, soonest due first.

        An item is due when it is to be decided, whether it is snoozed or overdue by now; the lists
        are ordered by when the router looks next, so a queue is read whole.
        """
        query = request.query
        check_parameters(query, _PARAMETERS)
        count, due_before = count_of(query), instant_of(query.get("due-before"))
        begin = query.get("_page", "")
        ahead = [
            entry
            for entry in self._entries(request.principal.tenant, query)
            if entry.place > begin and (due_before is None or entry.due_at < due_before)
        ]
        page, following = ahead[:count], None
        if len(ahead) > count:
            url = f"{request.base_url.removesuffix('/fhir')}/work-items"
            following = f"{url}?{urlencode({**query, '_page': page[-1].place})}"
        shown = [{**_shown(e), **self._question(e.referral)} for e in page]
        body = {"workItems": shown, "next": following}
        return Response(HTTPStatus.OK, body)

    def _question(self, referral: Referral) -> Mapping[str, Any]:
        question = question_of(self.referrals, referral)
        return {"question": question} if question else {}

    def _entries(self, tenant: Tenant, query: Mapping[str, str]) -> list[_Entry]:
        owner = query.get("owner")
        entries = [
            _Entry(_due(referral, item), referral.id, referral, item)
            for queue in _queues(query.get("queue"))
            for referral, item in self._items(tenant, queue)
            if owner in {None, item.owner}
        ]
        return sorted(entries, key=lambda entry: entry[:2])

    def _items(self, tenant: Tenant, queue: Queue) -> Iterable[tuple[Referral, WorkItem]]:
        after: str | None = None
        while True:
            page, after = self.worklists.in_queue(tenant, queue, MOST, after)
            yield from ((r, r.work_item) for r in page if r.work_item is not None)
            if after is None:
                return


def _queues(wanted: str | None) -> list[Queue]:
    if not wanted:
        return list(Queue)
    if wanted not in set(Queue):
        refuse(
            "unknown-queue",
            f"Name one of the queues {', '.join(Queue)}.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    return [Queue(wanted)]


def _due(referral: Referral, item: WorkItem) -> datetime:
    return (item.due_at or referral.due_at).astimezone(UTC)


def _shown(entry: _Entry) -> Mapping[str, Any]:
    referral, item = entry.referral, entry.item
    return {
        "id": referral.id,
        "queue": referral.queue.value,
        "reason": item.reason.value,
        "statusReason": referral.status_reason,
        "status": referral.status.value,
        "priority": referral.priority,
        "pathway": referral.pathway,
        "owner": item.owner,
        "comments": item.comments,
        "openedAt": item.opened_at.isoformat(),
        "dueAt": entry.due_at.isoformat(),
        "snoozedUntil": item.snoozed_until.isoformat() if item.snoozed_until else None,
        "actions": list(available_actions(referral)),
    }
