"""The worklist of staff: what waits for people, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import (
    FIRST,
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
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.search_parameters import check_parameters, count_of
from referral_core.entrypoints.http.staff.asked_lists import (
    CLOSED_FOR,
    LISTED_BY,
    before_of,
    is_filtered_along,
    lists_of,
    wanted_of,
)
from referral_core.entrypoints.http.staff.item_filters import FILTERS
from referral_core.entrypoints.http.staff.service_question import parameters_of, question_of
from referral_core.entrypoints.http.staff.views import item_row, patient_row
from referral_core.lifecycle.reactions.work_item import available_actions
from referral_core.ports.lifecycle import Clock, Referrals

ITEM_PARAMETERS: Final = FILTERS | LISTED_BY | {"_include", "_count", "_page"}
_READ_ON: Final = 4
"""How often a page reads on where it is filtered; a page may be short, its `next` goes on."""


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
    unmatched: Callable[[Tenant, datetime], int]

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
        lists, wanted = lists_of(principal, query), wanted_of(principal, query, self.clock.now())
        before = before_of(query, self.clock.now())
        found: list[Referral] = []
        is_filtered = is_filtered_along(query)
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
        since = self.clock.now() - timedelta(days=CLOSED_FOR)
        closed = {
            "since": since.isoformat(),
            "count": self.lists.count(tenant, Closed(), before=closed_since(since)),
        }
        body = {
            "teams": teams,
            "mine": mine,
            "closed": closed,
            "unmatched": self.unmatched(tenant, self.clock.now()),
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
