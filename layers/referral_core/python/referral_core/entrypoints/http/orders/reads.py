"""Reads and searches: each within the caller's tenant, and a clinic's within its own Tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from referral_core.domain.access.ownership import is_referrer
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Queue
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Content, Request, Response
from referral_core.entrypoints.http.lists import Worklists
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.orders.search import FILTERS, OrderSearch
from referral_core.entrypoints.http.page_room import begin_of, bounded, refuse_foreign_page
from referral_core.entrypoints.http.route_table import ROUTES
from referral_core.entrypoints.http.search_parameters import SHAPES, count_of, shaped
from referral_core.fhir.ids import own_id
from referral_core.fhir.outbound.capability import capability_statement
from referral_core.fhir.outbound.history import history
from referral_core.fhir.outbound.responses import searchset, service_request_as_stored
from referral_core.fhir.outbound.tasks import task_a, task_b
from referral_core.fhir.parse import Json
from referral_core.ports import Clock, Referrals

VERSION: Final = "0.1.0"
RELEASED: Final = datetime(2026, 11, 24, tzinfo=UTC)

_CLOSED: Final = "closed"
_OWN_LIST: Final = "own"
_BY_NUMBER: Final = "n"
_BY_VERSION: Final = "h"
_LISTS: Final = (*(q.value for q in Queue), _CLOSED)
TASK_PARAMETERS: Final = frozenset({"focus", "status", "owner", "_id"}) | SHAPES
ORDER_PARAMETERS: Final = FILTERS | SHAPES


@dataclass(frozen=True)
class ReadRecords:
    """Answers reads; nothing here writes."""

    referrals: Referrals
    worklists: Worklists
    clock: Clock
    token_url: str

    def metadata(self, base_url: str) -> Response:
        """Return the CapabilityStatement."""
        statement = capability_statement(base_url, VERSION, RELEASED, self.token_url, ROUTES)
        return Response(HTTPStatus.OK, statement)

    def openapi(self, base_url: str) -> Response:
        """Return the API as an OpenAPI document."""
        # It reads what all functions read: loaded only when somebody asks for it.
        from referral_core.entrypoints.http.openapi import openapi  # noqa: PLC0415

        document = openapi(base_url.removesuffix("/fhir"), self.token_url, VERSION)
        content = Content("application/json; charset=utf-8", json.dumps(document).encode())
        return Response(HTTPStatus.OK, content)

    def service_request(self, request: Request) -> Response:
        """Return one order as it is stored."""
        referral = self._own(request.principal, request.resource_id)
        return Response(HTTPStatus.OK, self._stored(referral), _etag(referral.payload_version))

    def service_requests(self, request: Request) -> Response:
        """Search orders: by number, else along the list of the EHR's orders."""
        shown = request.but_known(ORDER_PARAMETERS)
        query, search = shown.query, OrderSearch(self.referrals, self.worklists, self.clock)
        if wanted := query.get("identifier") or query.get("_id"):
            ids = self._numbered(request.principal, wanted, by_id="identifier" not in query)
            found = (r for i in ids for r in _visible(partial(self._own, request.principal, i)))
            orders, following = bounded(search.meeting(shown, found), begin_of(query, _BY_NUMBER))
            token = f"{_BY_NUMBER}~{following}" if following else None
            return _searchset(shown, "ServiceRequest", orders, token)
        if request.principal.role is not Role.EHR:
            refuse(
                "search-too-wide",
                "Search ServiceRequest by identifier=system|value or by _id.",
                code="not-supported",
                status=HTTPStatus.BAD_REQUEST,
            )
        if query.get("_count") == "0" or query.get("_summary") == "count":
            return _searchset(shown, "ServiceRequest", [], total=search.total(shown))
        page = search.page(shown, count_of(query))
        return _searchset(shown, "ServiceRequest", page.found, page.following)

    def _numbered(self, principal: Principal, wanted: str, *, by_id: bool) -> Iterable[ReferralId]:
        """Iterate over the ids of what is asked for by number; a list asks for any of them."""
        for one in filter(None, wanted.split(",")):
            if by_id:
                yield ReferralId(one)
            else:
                yield from orders_with(self.referrals, principal, one)

    def order_version(self, request: Request) -> Response:
        """Return one version of an order, as its author sent it."""
        referral = self._own(request.principal, request.resource_id)
        number = request.version_id
        if not number.isdecimal() or not 0 < int(number[:9]) <= referral.payload_version:
            raise NotFound("There is no such version.")
        return Response(HTTPStatus.OK, self._version(referral, int(number)), _etag(int(number)))

    def order_history(self, request: Request) -> Response:
        """Return the versions of an order, the last first, page by page."""
        referral = self._own(request.principal, request.resource_id)
        url = f"{request.base_url}/ServiceRequest/{referral.id}"
        newest = referral.payload_version
        # The page names its first version: one that comes meanwhile moves nothing.
        first = begin_of(request.query, _BY_VERSION, newest)
        if not 0 < first <= newest:
            refuse_foreign_page()
        versions, read = bounded(self._version(referral, n) for n in range(first, 0, -1))
        following = f"_page={_BY_VERSION}~{first - read}" if read else None
        return Response(HTTPStatus.OK, history(versions, url, newest, following))

    def _version(self, referral: Referral, number: int) -> Json:
        return self._stored(referral.but(payload_version=number))

    def task(self, request: Request) -> Response:
        """Return the coordination Task, or one offer's Task."""
        principal, own = request.principal, own_id(request.resource_id)
        if own is None or own.part not in {"a", "b"}:
            raise NotFound("There is no such Task.")
        referral = self._own(principal, own.referral_id)
        if own.part == "a":
            principal.require_role(Role.EHR, Role.STAFF)
            return Response(HTTPStatus.OK, self._task_a(referral), _etag(referral.version))
        for offer in referral.offers:
            if offer.number == own.number and _may_see(principal, offer.organization):
                return Response(HTTPStatus.OK, task_b(referral, offer), _etag(referral.version))
        raise NotFound("There is no such Task.")

    def tasks(self, request: Request) -> Response:
        """Search Tasks by focus, status and owner, page by page."""
        request = request.but_known(TASK_PARAMETERS)
        count = count_of(request.query)
        if focus := request.query.get("focus"):
            referral_id = focus.rpartition("/")[2]
            found = _visible(lambda: self._own(request.principal, referral_id))
            tasks = [t for r in found for t in self._tasks_of(request.principal, r)]
            return _searchset(request, "Task", _matching(tasks, request.query))
        tasks, following = self._page(request, count)
        return _searchset(request, "Task", _matching(tasks, request.query), following)

    def _page(self, request: Request, count: int) -> tuple[list[Json], str | None]:
        """Read one page of one list; the page token names the list and where it goes on."""
        tenant, principal = request.principal.tenant, request.principal
        name, _, after = request.query.get("_page", "").partition("~")
        if "_page" in request.query and name not in {*_LISTS, _OWN_LIST}:
            refuse_foreign_page()
        if principal.role is Role.CLINIC:
            page, following = self.worklists.of_performer(
                tenant, principal.organization, count, after or None
            )
            tasks = [t for r in page for t in self._tasks_of(principal, r)]
            return tasks, f"{_OWN_LIST}~{following}" if following else None
        owner = request.query.get("owner", "").rpartition("|")[2].rpartition("/")[2]
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
        return task_a(referral, self._payload(referral).service_request)

    def _stored(self, referral: Referral) -> Json:
        return service_request_as_stored(referral, self._payload(referral).service_request)

    def _payload(self, referral: Referral) -> ClinicalPayload:
        return ClinicalPayload.load(self.referrals.payload(referral))

    def _own(self, principal: Principal, referral_id: str) -> Referral:
        referral = self.referrals.load(principal.tenant, ReferralId(referral_id)).referral
        if not _sees(principal, referral):
            raise NotFound("There is no such referral.")
        return referral


def _sees(principal: Principal, referral: Referral) -> bool:
    match principal.role:
        case Role.STAFF:
            return True
        case Role.EHR:
            return is_referrer(principal, referral)
        case Role.CLINIC:
            return any(o.organization == principal.organization for o in referral.offers)
        case _:
            return False


def _may_see(principal: Principal, organization: str) -> bool:
    return principal.role in {Role.EHR, Role.STAFF} or principal.organization == organization


def _visible(read: Callable[[], Referral]) -> list[Referral]:
    try:
        return [read()]
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


def _searchset(
    request: Request,
    resource: str,
    found: Sequence[Json],
    following: str | None = None,
    total: int | None = None,
) -> Response:
    def url(extra: Mapping[str, str]) -> str:
        asked = [(name, value) for name, value in request.parameters if name not in extra]
        return f"{request.base_url}/{resource}?{urlencode([*asked, *extra.items()])}"

    alone = following is None and "_page" not in request.query
    if total is None and alone and request.query.get("_total") == "accurate":
        total = len(found)
    bundle = searchset(
        [shaped(one, request.query) for one in found],
        request.base_url,
        self_url=url({}),
        next_url=url({"_page": following}) if following else None,
        total=total,
    )
    return Response(HTTPStatus.OK, bundle)


def _etag(version: int) -> dict[str, str]:
    return {"ETag": f'W/"{version}"'}
