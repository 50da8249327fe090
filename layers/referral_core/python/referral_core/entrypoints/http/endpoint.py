"""What every route has in common: who calls, what was sent, and how answers and errors look.

It takes the events of API Gateway's HTTP API (payload format 2.0) and returns what that expects.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING, Any, Final, Self

from referral_core.domain import exact_json
from referral_core.domain.access.caller import Caller
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden, RouterError
from referral_core.entrypoints.http.errors import headers_of, shown, unknown_path
from referral_core.entrypoints.http.exchange import Content, Refused, Request, Response, UseCase
from referral_core.entrypoints.http.gateway_event import (
    Event,
    Parameters,
    base_url,
    body_of,
    correlation_id,
    form_of,
    handed_over,
    headers_sent,
    method_of,
    parameters_of,
    path_of,
)
from referral_core.entrypoints.http.negotiation import (
    MINIMAL,
    OUTCOME,
    decoded,
    require_acceptable,
    require_readable,
    wanted_return,
)
from referral_core.entrypoints.http.preconditions import is_known
from referral_core.entrypoints.http.route import BINARIES, FILES, Route
from referral_core.entrypoints.http.route_matching import RouteFound, methods_of, route_of
from referral_core.fhir.errors import Issue, operation_outcome
from referral_core.fhir.parse import MAX_BYTES
from referral_core.observability import logger

if TYPE_CHECKING:
    from referral_core.entrypoints.http.audit.trace import Audit

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"

_MOST_WARNINGS: Final = 5
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
_READS: Final = frozenset({"GET", "HEAD"})
_NO_CONTENT: Final = frozenset({"Bundle", "OperationOutcome"})
"""What answers a write by itself, whatever is preferred."""
_DONE: Final = Issue("information", "informational", "done", None, "Done as it was sent.")

PublicUseCase = Callable[[str], Response]
"""Answers a route that needs no token; it is given the endpoint's address."""


class HttpEndpoint:
    """The routes of one function: checks the caller, runs the use case, renders the answer."""

    def __init__(
        self,
        use_cases: Mapping[Route, UseCase],
        public: Mapping[Route, PublicUseCase] | None = None,
    ) -> None:
        """Take the use case of each route, and the public routes."""
        self._use_cases = use_cases
        self._public = public or {}
        self._around: Callable[[Event], AbstractContextManager[None]] = lambda _: nullcontext()
        self._admit: Callable[[Principal], None] = lambda _: None
        self._refused: Callable[[Refused], None] = lambda _: None
        self._done: Callable[[Request], None] = lambda _: None

    def admitting(self, admit: Callable[[Principal], None]) -> Self:
        """Let every request of a client be let through first. Returns: itself."""
        self._admit = admit
        return self

    def seeing(self, refused: Callable[[Refused], None]) -> Self:
        """Hand over what was refused before its sender is answered. Returns: itself."""
        self._refused = refused
        return self

    def following(self, done: Callable[[Request], None]) -> Self:
        """Hand over what was taken before its sender is answered. Returns: itself."""
        self._done = done
        return self

    @property
    def routes(self) -> frozenset[Route]:
        """The routes that it answers."""
        return frozenset(self._use_cases) | frozenset(self._public)

    def audited(self, audit: Audit) -> Self:
        """Return the endpoint with its reads and refusals on record before they are answered."""
        self._use_cases = {route: audit.of(route, use) for route, use in self._use_cases.items()}
        self._around = audit.around
        return self

    def within(self, request: Request, method: str, path: str) -> Response:
        """Answer a request that another one holds, as if it had come alone.

        Args:
            request: what it would be, but for what its path names.
            method: of HTTP.
            path: below the stage.

        Raises:
            RouterError: as it would be refused alone.
        """
        found = route_of(method, path)
        if found is None or found.route not in self._use_cases:
            raise unknown_path(methods_of(path))
        _require_allowed(Caller(request.principal, request.scopes, 0), found.route)
        own = replace(request, resource_id=found.resource_id)
        try:
            response = self._use_cases[found.route](own)
        except RouterError as error:
            error.about = found.resource_id
            raise
        self._done(own)
        return response

    def hand_over(self, refused: Refused) -> None:
        """Hand over what was refused within another request."""
        self._refused(refused)

    def resolve(self, event: Event, _context: object) -> dict[str, Any]:
        """Answer one event; whatever fails becomes an OperationOutcome."""
        try:
            with self._around(event):
                response = self._response(event)
        except Exception as error:  # noqa: BLE001 - the outermost place of an HTTP function
            answer = _failed(event, error)
        else:
            answer = _answered(event, response)
        return {**answer, "body": ""} if method_of(event) == "HEAD" else answer

    def _response(self, event: Event) -> Response:
        method, path = method_of(event), path_of(event)
        headers, parameters = headers_sent(event), parameters_of(event)
        if not path.startswith((FILES, BINARIES)):
            require_acceptable(headers, dict(parameters))
        found = route_of(method, path)
        is_ours = found is not None and found.route in self.routes
        # The gateway knows paths without the slash at their end only, and brings others here.
        if path.strip("/") and path.endswith("/") and not (is_ours and handed_over(event)):
            return _sent_on(event, path.rstrip("/"))
        if found is None or not is_ours:
            raise unknown_path(methods_of(path) if found is None else ())
        if found.route in self._public:
            return self._public[found.route](base_url(event))
        caller = Caller.received(handed_over(event), time())
        logger.append_keys(client_id=caller.principal.client_id, tenant=caller.principal.tenant)
        # Before anything is refused: a refusal is put on record, and costs what an answer does.
        self._admit(caller.principal)
        _require_allowed(caller, found.route)
        request = None
        try:
            request = _request(event, caller, found, headers, parameters)
            response = self._use_cases[found.route](request)
            if not response.is_of_parts:
                self._done(request)
        except RouterError as error:
            # One that was not unpacked, or only its beginning, is handed over as it came.
            unpacked = request.body if request and len(request.body) <= MAX_BYTES else None
            came = partial(body_of, event)
            about = found.resource_id or error.about
            self._refused(Refused(caller.principal, about, unpacked, came, error))
            raise
        return response


def _require_allowed(caller: Caller, route: Route) -> None:
    """Raise unless a caller may use a route.

    Raises:
        Forbidden: the token lacks the scope, or the client has another role.
    """
    if not route.allows(caller.scopes):
        wanted = " or ".join(filter(None, (route.scope, route.resource_scope)))
        raise Forbidden(f"The token lacks the scope {wanted}: ask for a token with it.")
    caller.principal.require_role(*route.roles)


def _sent_on(event: Event, path: str) -> Response:
    query = event.get("rawQueryString")
    address = base_url(event).removesuffix("/fhir") + path + (f"?{query}" if query else "")
    return Response(HTTPStatus.PERMANENT_REDIRECT, {}, {"Location": address})


def _request(
    event: Event,
    caller: Caller,
    found: RouteFound,
    headers: Mapping[str, str],
    parameters: Parameters,
) -> Request:
    body = decoded(body_of(event), headers)
    if method_of(event) == "POST" and found.route.method == "GET":
        parameters += form_of(body, headers)
    query = dict(parameters)
    for name in (found.resource_id, found.version_id):
        require_readable(headers, query, name)
    return Request(
        principal=caller.principal,
        body=body,
        content_type=headers.get("content-type"),
        headers=headers,
        query=query,
        correlation_id=correlation_id(event),
        base_url=base_url(event),
        resource_id=found.resource_id,
        parameters=parameters,
        version_id=found.version_id,
        time_zone=caller.time_zone,
        scopes=caller.scopes,
    )


def _failed(event: Event, error: Exception) -> dict[str, Any]:
    """Render any error: what to do, never a traceback; those of our side are logged."""
    status, issues = shown(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        cause = error.__cause__
        logger.error(
            "request failed",
            extra={
                "error": type(error).__name__,
                "cause": type(cause).__name__ if cause else None,
                "aws_code": _aws_code(cause),
            },
        )
    headers = headers_of(error, status, methods_of(path_of(event)))
    return _rendered(status, operation_outcome(issues, correlation_id(event)), headers)


def _aws_code(cause: BaseException | None) -> str | None:
    response = getattr(cause, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _answered(event: Event, response: Response) -> dict[str, Any]:
    """Render what was done, in the form that the caller prefers to get of a write."""
    headers, body = dict(response.headers), response.body
    if isinstance(body, Content):
        return _rendered(response.status, body, headers)
    if method_of(event) in _READS and is_known(headers_sent(event), headers.get("ETag")):
        unchanged = _rendered(HTTPStatus.NOT_MODIFIED, {}, headers)
        return {**unchanged, "body": ""}
    if response.warnings:
        headers["Warning"] = ", ".join(
            f'199 - "{issue.diagnostics} ({issue.expression})"'
            for issue in response.warnings[:_MOST_WARNINGS]
        )
    written = method_of(event) in _WRITES and response.status in {HTTPStatus.OK, HTTPStatus.CREATED}
    wanted = wanted_return(headers_sent(event)) if written else None
    if wanted == OUTCOME and body.get("resourceType") not in _NO_CONTENT:
        issues = response.warnings or [_DONE]
        body = operation_outcome(issues, correlation_id(event))
    answer = _rendered(response.status, body, headers)
    if wanted == MINIMAL and body.get("resourceType") not in _NO_CONTENT:
        answer["body"] = ""
    return answer


def _rendered(
    status: int, body: Mapping[str, Any] | Content, headers: Mapping[str, str]
) -> dict[str, Any]:
    if isinstance(body, Content):
        return {
            "statusCode": int(status),
            "headers": {"Content-Type": body.media_type, **headers},
            "body": base64.b64encode(body.data).decode("ascii"),
            "isBase64Encoded": True,
        }
    return {
        "statusCode": int(status),
        "headers": {"Content-Type": FHIR_JSON, **headers},
        "body": exact_json.dumps(body),
        "isBase64Encoded": False,
    }
