"""Searching orders: by number, or along the list of an EHR's orders in the order of their versions.

Each page reads a bounded stretch of an index; what does not meet the other parameters is left out,
so that a page may hold less than was asked for, and still lead to the next.

Who asks by `_lastUpdated` asks again from there on. A write has its instant before it is there for
all to see, so what is younger than any write under way may be is not listed yet: nothing can come
to stand before what was listed, and nothing that moves is listed twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from sys import maxsize
from typing import Any, Final, NamedTuple, Protocol

from referral_core.domain.ids import Tenant
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request
from referral_core.entrypoints.http.page_room import PageRoom, refuse_foreign_page
from referral_core.entrypoints.http.search_parameters import SHAPES
from referral_core.fhir.outbound.responses import service_request_as_stored
from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.fhir.parse import Json
from referral_core.fhir.search import (
    ORDER_SEARCH,
    Asked,
    codings_of,
    earliest,
    identifiers_of,
    meets_date,
    meets_reference,
    meets_token,
    span_of,
)
from referral_core.ports.lifecycle import Clock

ORDER_PARAMETERS: Final = frozenset(ORDER_SEARCH) | SHAPES
_STRETCH: Final = 200
"""Entries of the index that one read takes."""
_MOST_STRETCHES: Final = 5
_TOKEN: Final = re.compile(r"v~[A-Za-z0-9\-]{1,64}\|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_BEFORE_ALL: Final = "0"
_REQUESTS: Final = "http://hl7.org/fhir/request-"
_START: Final = f"{_BEFORE_ALL}|0001-01-01T00:00:00.000Z"
_OF_POLLERS: Final = frozenset({"_lastUpdated", "_sort"})
_SETTLES_WITHIN: Final = timedelta(seconds=60)
"""A request may take 30 seconds from its instant to its write, and the index lags a little."""


class OrdersByVersion(Protocol):
    """The orders of one EHR, by when their author last sent a version."""

    def of_referrer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List a page; `after` is `id|instant`, in milliseconds."""


class _Place(NamedTuple):
    """Where an order stands in the list."""

    at: str
    referral_id: str


class Page(NamedTuple):
    """Some of what a search finds, and where it goes on."""

    found: list[Json]
    following: str | None


@dataclass(frozen=True)
class OrderSearch:
    """Searches the orders of one EHR.

    Attributes:
        payload: reads what a referral's order says, as it was sent.
    """

    orders: OrdersByVersion
    clock: Clock
    payload: Callable[[Referral], ClinicalPayload]

    def page(self, request: Request, count: int, room: PageRoom | None = None) -> Page:
        """Return one page, oldest version first; it holds at most so many orders, and bytes."""
        begin, settled = self._begin(request), self._settled(request)
        found: list[Json] = []
        after, room = begin, room or PageRoom()
        passed: list[_Place] = []
        for _ in range(_MOST_STRETCHES):
            limit = min(_STRETCH, count - len(found))
            stretch, after = self.orders.of_referrer(
                request.principal.tenant, request.principal.organization, limit, after
            )
            for referral in (r for r in stretch if _revised(r) <= settled):
                place = _Place(fhir_instant(_revised(referral)), referral.id)
                for order in self.meeting(request, [referral]):
                    if not room.takes(order):
                        return Page(found, _token(_last_before(place, passed) or begin or _START))
                    found.append(order)
                passed.append(place)
            if after is not None and after.rpartition("|")[2] > fhir_instant(settled):
                after = None
            if after is None or len(found) >= count:
                break
        return Page(found, _token(after))

    def total(self, request: Request) -> int:
        """Return how many orders meet a search.

        Raises:
            FhirError: 422, there are too many to count.
        """
        total = self.count(request)
        if total is None:
            refuse(
                "too-many-to-count",
                "Too many orders to count: bound the search by _lastUpdated.",
                code="too-costly",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        return total

    def count(self, request: Request) -> int | None:
        """Return how many orders meet a search, on all its pages; None: too many to count."""
        page = self.page(_from_the_first(request), _STRETCH * _MOST_STRETCHES, PageRoom(maxsize))
        return len(page.found) if page.following is None else None

    def meeting(self, request: Request, referrals: Iterable[Referral]) -> Iterator[Json]:
        """Iterate over those that meet all parameters, as a read returns them."""
        asked = _asked(request)
        for referral in referrals:
            payload = self.payload(referral)
            order = service_request_as_stored(referral, payload.service_request)
            if all(_meets(one, order, payload) for one in asked):
                yield order

    def _settled(self, request: Request) -> datetime:
        """Return until when versions are listed: all of them, or those that are settled."""
        now = self.clock.now()
        return now - _SETTLES_WITHIN if _OF_POLLERS & request.query.keys() else now

    def _begin(self, request: Request) -> str | None:
        token = request.query.get("_page")
        if token is not None:
            if not _TOKEN.fullmatch(token):
                refuse_foreign_page()
            return token.removeprefix("v~")
        bound = earliest([one for one in _asked(request) if one.name == "_lastUpdated"])
        # The entries of that very millisecond are read too; those not wanted are left out.
        return f"{_BEFORE_ALL}|{_before(bound)}" if bound.year > 1 else None


def _from_the_first(request: Request) -> Request:
    return replace(request, query={n: v for n, v in request.query.items() if n != "_page"})


def _last_before(place: _Place, passed: Sequence[_Place]) -> str | None:
    """Return after which order the next page begins, so that it begins with the one at a place.

    An order that moved while the list was read stands further on, and is listed there again.
    """
    before = max((one for one in passed if one < place), default=None)
    return f"{before.referral_id}|{before.at}" if before else None


def _token(after: str | None) -> str | None:
    return f"v~{after}" if after else None


def _revised(referral: Referral) -> datetime:
    return referral.revised_at or referral.received_at


def _before(bound: datetime) -> str:
    return fhir_instant(bound - timedelta(milliseconds=1))


def _asked(request: Request) -> list[Asked]:
    named = (Asked.of(name, value, request.zone) for name, value in request.parameters)
    return [one for one in named if one.name in ORDER_SEARCH]


def _meets(asked: Asked, order: Json, payload: ClinicalPayload) -> bool:
    """Tell whether an order meets one parameter: one of its values, that is."""
    known = _element(asked.name, order)
    return asked.holds(lambda value: _is(asked, value, known, payload), is_there=bool(known))


def _element(name: str, order: Json) -> Any:
    """Return what of an order a parameter is about."""
    match name:
        case "_id":
            return order["id"]
        case "_lastUpdated":
            return order["meta"]["lastUpdated"]
        case "authored":
            return order.get("authoredOn")
        case "patient":
            return order.get("subject")
        case "priority":
            return order.get(name, "routine")
        case _:
            return order.get(name)


def _is(asked: Asked, wanted: str, known: Any, payload: ClinicalPayload) -> bool:
    """Tell whether an element is what one value asks for."""
    name, zone = asked.name, asked.zone
    match name:
        case "_id":
            return wanted == str(known)
        case "identifier":
            return meets_token(wanted, identifiers_of({name: known}))
        case "status" | "intent" | "priority":
            return meets_token(wanted, [(f"{_REQUESTS}{name}", str(known)), ("", str(known))])
        case "code" | "category":
            return meets_token(wanted, codings_of(known))
        case "authored" | "_lastUpdated":
            return meets_date(wanted, span_of(known, zone) if known else None, zone)
    named = known if isinstance(known, list) else [known or {}]
    return any(meets_reference(wanted, one, _target(one, payload)) for one in named)


def _target(reference: Mapping[str, Any], payload: ClinicalPayload) -> Json | None:
    literal = str(reference.get("reference", ""))
    inside = payload.service_request.get("contained", ())
    contained = (r for r in inside if literal == f"#{r.get('id')}")
    return next(contained, None) or payload.resources.get(literal)
