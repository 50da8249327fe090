"""No answer without its trace: each access to records, and each refusal, is put on record first.

What an answer shows is read of the answer, so that no use case can forget to say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from referral_core.domain.access.scopes import READ
from referral_core.domain.errors import Retryable, RouterError
from referral_core.domain.ids import ReferralId
from referral_core.entrypoints.http.errors import shown
from referral_core.entrypoints.http.exchange import Content, Request, Response, UseCase
from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_matching import route_of
from referral_core.fhir.ids import own_id
from referral_core.ports.lifecycle import Clock

if TYPE_CHECKING:
    from referral_core.domain.access.audit import AuditEntry, AuditTrail

NO_RECORDS: Final = frozenset(
    {
        "who-am-i",
        "search-people",
        "list-filters",
        "count-work-items",
        "count-list-values",
        "list-reports",
        "run-report",
        "read-entry",
        "list-to-verify",
        *("read-schedule", "read-slot", "search-slots"),
        *("list-executions", "list-failed-executions", "list-overdue", "list-pauses"),
        *("name-partners", "read-board"),
    }
)
"""Operations whose answers show no patient's record: people, directory, counts and figures."""
WRITES_WITH_EVENTS: Final = frozenset(
    {
        *("create-order", "create-bundle", "process-message", "update-order", "create-task"),
        *("patch-order", "update-order-where", "patch-order-where"),
        *("update-task", "patch-task", "create-appointment", "update-appointment"),
        *("create-document", "create-diagnostic-report", "create-claim-response"),
        *("create-communication", "decide-work-item", "care-for-work-items", "reopen"),
    }
)
"""Writes that the record's own events tell; what one shows that changed nothing, no event does."""
_READS_TOO: Final = NO_RECORDS | {"find-for-operators"}
"""Operations that only read, whatever scope they need."""
_UNSAID: Final = NO_RECORDS | WRITES_WITH_EVENTS
_ABOUT_REFERRALS: Final = ("/fhir/", "/work-items/", "/referrals/")
"""Paths whose id is a referral's."""
_OF_NO_REFERRAL: Final = "/unmatched"
"""Paths whose ids, in answers too, are of what belongs to no referral yet."""
_REFUSED_AT_THE_DOOR: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_REFUSALS: Final = _REFUSED_AT_THE_DOOR | {HTTPStatus.NOT_FOUND}
_NOBODY: Final = "unknown"
_UNKNOWN_PATH: Final = "unknown-path"

Event = Mapping[str, Any]


class Audit:
    """Puts on record what an endpoint shows and refuses; a process answers one request at a time.

    Raises:
        Retryable: what was asked could not be put on record, and is not answered.
    """

    def __init__(self, trail: Callable[[], AuditTrail], clock: Clock) -> None:
        """Take what says where entries are kept, once there is one, and the time."""
        self._trail = trail
        self._clock = clock
        self._address: str | None = None
        self._is_recorded = False

    @contextmanager
    def around(self, event: Event) -> Iterator[None]:
        """Put a caller on record who is refused before any use case is asked."""
        self._address = event["requestContext"]["http"].get("sourceIp")
        self._is_recorded = False
        try:
            yield
        except Exception as error:
            status, _ = shown(error)
            if status in _REFUSED_AT_THE_DOOR and not self._is_recorded:
                self._record([self._of_nobody(event, HTTPStatus(status))])
            raise

    def of(self, route: Route, use_case: UseCase) -> UseCase:
        """Return the use case of a route with its trace.

        What an answer shows is put on record before it is given; what changes something without an
        event of its own, before it is done: what cannot be put on record has not happened.
        """
        is_act = route.scope != READ and route.operation not in _READS_TOO

        @wraps(use_case)
        def audited(request: Request) -> Response:
            if is_act and route.operation not in _UNSAID:
                self._granted(route, request, {}, is_asked=True)
            try:
                response = use_case(request)
            except Exception as error:
                status, issues = shown(error)
                if status in _REFUSALS:
                    self._refused(route, request, issues[0].own_code)
                raise
            is_told = is_act or route.operation in _UNSAID
            if response.is_unchanged or not is_told:
                self._granted(route, request, response.body)
            return response

        return audited

    def _refused(self, route: Route, request: Request, code: str) -> None:
        asked = _named_by(route, request.resource_id)
        self._record([self._entry(route, request, uuid4().hex, asked, code)])

    def _granted(
        self,
        route: Route,
        request: Request,
        answer: Mapping[str, Any] | Content,
        *,
        is_asked: bool = False,
    ) -> None:
        named, access_id = _named_by(route, request.resource_id), uuid4().hex
        if route.path.startswith(_OF_NO_REFERRAL):
            entry = self._entry(route, request, access_id, None)
            unmatched = request.resource_id or None
            self._record([entry.but(unmatched=unmatched, is_asked=is_asked)])
            return
        if named is None and route.operation in WRITES_WITH_EVENTS:
            named = _answered(answer)
        found: list[ReferralId | None] = [named] if named else []
        found = found or list(dict.fromkeys(shown_in(answer))) or [None]
        entries = [self._entry(route, request, access_id, r) for r in found]
        self._record([entry.but(is_asked=is_asked) for entry in entries])

    def _entry(
        self,
        route: Route,
        request: Request,
        access_id: str,
        referral_id: ReferralId | None,
        refused: str | None = None,
    ) -> AuditEntry:
        from referral_core.domain.access.audit import (  # noqa: PLC0415 - a new order has none
            PURPOSES,
            Access,
            AuditEntry,
        )

        principal = request.principal
        reads = Access.READ if "{id}" in route.path else Access.SEARCH
        return AuditEntry(
            id=access_id,
            at=self._clock.now(),
            tenant=principal.tenant,
            referral_id=referral_id,
            access=reads if route.scope == READ or route.operation in _READS_TOO else Access.WRITE,
            agent=principal.client_id,
            role=principal.role,
            organization=principal.organization,
            person=principal.person.name if principal.person else None,
            address=self._address,
            operation=route.operation,
            purpose=PURPOSES.get(principal.role),
            refused=refused,
            correlation_id=request.correlation_id,
        )

    def _of_nobody(self, event: Event, status: HTTPStatus) -> AuditEntry:
        """Return the entry of a caller who was refused before anybody looked at what was asked.

        The path is not kept: somebody may have written a name into it.
        """
        from referral_core.domain.access.audit import Access, AuditEntry  # noqa: PLC0415 - as above

        http, tenant = event["requestContext"]["http"], _named(event, "tenant")
        found = route_of(http["method"], event["rawPath"])
        return AuditEntry(
            id=uuid4().hex,
            at=self._clock.now(),
            tenant=tenant,
            referral_id=_named_by(found.route, found.resource_id) if found and tenant else None,
            access=Access.READ if http["method"] == "GET" else Access.WRITE,
            agent=_named(event, "client_id") or _NOBODY,
            address=self._address,
            operation=found.route.operation if found else _UNKNOWN_PATH,
            refused=status.phrase,
            correlation_id=event["requestContext"].get("requestId"),
        )

    def _record(self, entries: list[AuditEntry]) -> None:
        self._is_recorded = True
        try:
            self._trail().record(entries)
        except RouterError as error:
            raise Retryable("This is not on record, so it is neither shown nor done.") from error


def _named_by(route: Route, resource_id: str) -> ReferralId | None:
    own = own_id(resource_id) if route.path.startswith(_ABOUT_REFERRALS) else None
    return own.referral_id if own else None


def _answered(body: Mapping[str, Any] | Content) -> ReferralId | None:
    """Return of which referral an answer is a resource; its request may name it otherwise."""
    own = own_id(str(body.get("id", ""))) if not isinstance(body, Content) else None
    return own.referral_id if own else None


def shown_in(body: Mapping[str, Any] | Content) -> Iterator[ReferralId]:
    """Iterate over the referrals that an answer shows: of a Bundle's entries, or a list's rows."""
    if isinstance(body, Content):
        return
    for rows in body.values():
        for row in rows if isinstance(rows, list) else ():
            resource = row.get("resource", row) if isinstance(row, Mapping) else {}
            about = resource.get("entity") if _is_audit(resource) else [resource]
            for one in about or ():
                what = one["what"].get("reference", "") if _is_audit(resource) else None
                shown_id = one.get("id", "") if what is None else what
                own = own_id(str(shown_id).rpartition("/")[2])
                if own is not None:
                    yield own.referral_id


def _is_audit(resource: Mapping[str, Any]) -> bool:
    """Whether a row is an entry of the audit, whose own id is no referral's."""
    return resource.get("resourceType") == "AuditEvent"


def _named(event: Event, name: str) -> Any:
    """Return what the gateway's authorizer says of a caller; None: nobody is known."""
    authorizer = event["requestContext"].get("authorizer") or {}
    return (authorizer.get("lambda") or {}).get(name)
