"""Reads and searches: each within the caller's tenant, and a clinic's within its own Tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Final

from referral_core.domain.access.ownership import is_referrer
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import with_its_order
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Content, Request, Response
from referral_core.entrypoints.http.lists import Worklists
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.orders.search import OrderSearch
from referral_core.entrypoints.http.orders.task_search import TASK_SHAPES, TaskSearch
from referral_core.entrypoints.http.page_room import begin_of, bounded, refuse_foreign_page
from referral_core.entrypoints.http.route_table import ROUTES
from referral_core.entrypoints.http.search_parameters import count_of, counts_only, shaped
from referral_core.entrypoints.http.searched import searched
from referral_core.fhir.ids import own_id
from referral_core.fhir.outbound.capability import capability_statement
from referral_core.fhir.outbound.history import history
from referral_core.fhir.outbound.responses import service_request_as_stored
from referral_core.fhir.outbound.tasks import task_a, task_b
from referral_core.fhir.parse import Json
from referral_core.fhir.search import ORDER_SEARCH, TASK_SEARCH, Asked
from referral_core.ports.documents import ReadableDocuments
from referral_core.ports.lifecycle import Clock, Referrals

VERSION: Final = "0.1.0"
RELEASED: Final = datetime(2026, 11, 24, tzinfo=UTC)

_BY_NUMBER: Final = "n"
_BY_VERSION: Final = "h"
_OF_HISTORY: Final = frozenset({"_count", "_format", "_page", "_pretty"})
"""The parameters of a history; it has no others."""


@dataclass(frozen=True)
class ReadRecords:
    """Answers reads; nothing here writes."""

    referrals: Referrals
    worklists: Worklists
    clock: Clock
    token_url: str
    documents: Callable[[], ReadableDocuments]

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
        stored = shaped(self._stored(referral), request.query)
        return Response(HTTPStatus.OK, stored, _etag(referral.payload_version))

    def service_requests(self, request: Request) -> Response:
        """Search orders: by number, else along the list of the EHR's orders."""
        shown = request.but_known(ORDER_SEARCH)
        query, search = shown.query, self._search
        wanted = _found_by_number(query.get("identifier")) or query.get("_id")
        if wanted is not None:
            ids = self._numbered(request.principal, wanted, by_id=wanted == query.get("_id"))
            found = [r for i in ids for r in _visible(partial(self._own, request.principal, i))]
            counted = partial(_length_of, search, shown, found)
            if counts_only(query):
                return searched(shown, "ServiceRequest", [], total=counted())
            begin, most = begin_of(query, _BY_NUMBER), count_of(query)
            orders, following = bounded(search.meeting(shown, found), begin, most)
            token = f"{_BY_NUMBER}~{following}" if following else None
            return searched(shown, "ServiceRequest", orders, token, count=counted)
        if request.principal.role is not Role.EHR:
            refuse(
                "search-too-wide",
                "Search ServiceRequest by identifier=system|value or by _id.",
                code="not-supported",
                status=HTTPStatus.BAD_REQUEST,
            )
        if counts_only(query):
            return searched(shown, "ServiceRequest", [], total=search.total(shown))
        page = search.page(shown, count_of(query))
        count = partial(search.count, shown)
        return searched(shown, "ServiceRequest", page.found, page.following, count=count)

    @property
    def _search(self) -> OrderSearch:
        return OrderSearch(self.worklists, self.clock, self._payload)

    def _numbered(self, principal: Principal, wanted: str, *, by_id: bool) -> Iterable[ReferralId]:
        """Iterate over the ids of what is asked for by number; a list asks for any of them."""
        found = (
            [ReferralId(one)] if by_id else orders_with(self.referrals, principal, one)
            for one in Asked.of("", wanted).values
        )
        yield from dict.fromkeys(chain.from_iterable(found))

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
        query = request.but_known({}, _OF_HISTORY).query
        most = 0 if counts_only(query) else count_of(query)
        url = f"{request.base_url}/ServiceRequest/{referral.id}"
        newest = referral.payload_version
        # The page names its first version: one that comes meanwhile moves nothing.
        first = begin_of(query, _BY_VERSION, newest)
        if not 0 < first <= newest:
            refuse_foreign_page()
        every = (self._version(referral, n) for n in range(first, 0, -1))
        versions, read = bounded(every, most=most)
        following = f"_count={most}&_page={_BY_VERSION}~{first - read}" if read else None
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
        """Search Tasks by id, focus, status and owner, page by page."""
        shown = request.but_known(TASK_SEARCH, TASK_SHAPES)
        search = TaskSearch(self.worklists, self._own, self._tasks_of)
        page = search.page(shown)
        count = partial(search.count, shown)
        return searched(shown, "Task", page.found, page.following, total=page.total, count=count)

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
        stored = ClinicalPayload.load(self.referrals.payload(referral))
        return with_its_order(stored, lambda sha256: self.documents().get(referral.tenant, sha256))

    def _own(self, principal: Principal, referral_id: str) -> Referral:
        referral = self.referrals.load(principal.tenant, ReferralId(referral_id)).referral
        if not _sees(principal, referral):
            raise NotFound("There is no such referral.")
        return referral


def _length_of(search: OrderSearch, request: Request, found: Iterable[Referral]) -> int:
    return sum(1 for _ in search.meeting(request, found))


def _found_by_number(wanted: str | None) -> str | None:
    """Return what the index of numbers may be asked for; a system or a value alone it lacks."""
    values = Asked.of("", wanted or "").values
    whole = [one for one in values if "|" in one and not one.endswith("|")]
    return wanted if whole and len(whole) == len(values) else None


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


def _etag(version: int) -> dict[str, str]:
    return {"ETag": f'W/"{version}"'}
