"""What every route has in common: who calls, what was sent, and how answers and errors look.

It takes the events of API Gateway's HTTP API (payload format 2.0) and returns what that expects.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qsl

from referral_core.domain import exact_json
from referral_core.domain.access.caller import Caller
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden
from referral_core.entrypoints.http.errors import headers_of, refuse, shown, unknown_path
from referral_core.entrypoints.http.exchange import Content, Request, Response, UseCase
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
from referral_core.observability import logger
from referral_core.settings import settings

if TYPE_CHECKING:
    from referral_core.entrypoints.http.audit.trace import Audit

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"

_DEFAULT_STAGE: Final = "$default"
_MOST_WARNINGS: Final = 5
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
_READS: Final = frozenset({"GET", "HEAD"})
_FORM: Final = "application/x-www-form-urlencoded"
_NO_CONTENT: Final = frozenset({"Bundle", "OperationOutcome"})
"""What answers a write by itself, whatever is preferred."""
_DONE: Final = Issue("information", "informational", "done", None, "Done as it was sent.")

Parameters = tuple[tuple[str, str], ...]
Event = Mapping[str, Any]
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

    def admitting(self, admit: Callable[[Principal], None]) -> Self:
        """Let every request of a client be let through first. Returns: itself."""
        self._admit = admit
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

    def resolve(self, event: Event, _context: object) -> dict[str, Any]:
        """Answer one event; whatever fails becomes an OperationOutcome."""
        try:
            with self._around(event):
                response = self._response(event)
        except Exception as error:  # noqa: BLE001 - the outermost place of an HTTP function
            answer = _failed(event, error)
        else:
            answer = _answered(event, response)
        return {**answer, "body": ""} if _method(event) == "HEAD" else answer

    def _response(self, event: Event) -> Response:
        method, path = _method(event), _path(event)
        headers, parameters = _headers(event), _parameters(event)
        if not path.startswith((FILES, BINARIES)):
            require_acceptable(headers, dict(parameters))
        found = route_of(method, path)
        is_ours = found is not None and found.route in self.routes
        # The gateway knows paths without the slash at their end only, and brings others here.
        if path.strip("/") and path.endswith("/") and not (is_ours and _handed_over(event)):
            return _sent_on(event, path.rstrip("/"))
        if found is None or not is_ours:
            raise unknown_path(methods_of(path) if found is None else ())
        if found.route in self._public:
            return self._public[found.route](base_url(event))
        caller = Caller.received(_handed_over(event), time())
        logger.append_keys(client_id=caller.principal.client_id, tenant=caller.principal.tenant)
        # Before anything is refused: a refusal is put on record, and costs what an answer does.
        self._admit(caller.principal)
        _require_allowed(caller, found.route)
        request = _request(event, caller, found, headers, parameters)
        return self._use_cases[found.route](request)


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


def base_url(event: Event) -> str:
    """Return the address of the FHIR endpoint, as the caller knows it."""
    if public := settings().public_base_url:
        return f"{public}/fhir"
    return f"https://{event['requestContext'].get('domainName', 'localhost')}/fhir"


def _request(
    event: Event,
    caller: Caller,
    found: RouteFound,
    headers: Mapping[str, str],
    parameters: Parameters,
) -> Request:
    body = decoded(_body(event), headers)
    if _method(event) == "POST" and found.route.method == "GET":
        parameters += _form(body, headers)
    query = dict(parameters)
    for name in (found.resource_id, found.version_id):
        require_readable(headers, query, name)
    return Request(
        principal=caller.principal,
        body=body,
        content_type=headers.get("content-type"),
        headers=headers,
        query=query,
        correlation_id=_correlation_id(event),
        base_url=base_url(event),
        resource_id=found.resource_id,
        parameters=parameters,
        version_id=found.version_id,
        time_zone=caller.time_zone,
    )


def _method(event: Event) -> str:
    return str(event["requestContext"]["http"]["method"])


def _headers(event: Event) -> Mapping[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _parameters(event: Event) -> Parameters:
    """Return the parameters in their order; `queryStringParameters` would join equal ones."""
    if "rawQueryString" in event:
        return tuple(parse_qsl(event["rawQueryString"], keep_blank_values=True))
    return tuple((event.get("queryStringParameters") or {}).items())


def _form(body: bytes, headers: Mapping[str, str]) -> Parameters:
    """Return the parameters of a posted search.

    Raises:
        FhirError: 415, the body is no form.
    """
    media_type = headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if body and media_type != _FORM:
        refuse(
            "unsupported-media-type",
            f"Send a search as a form: set Content-Type to {_FORM}.",
            code="not-supported",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    return tuple(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _path(event: Event) -> str:
    path, stage = str(event["rawPath"]), event["requestContext"].get("stage", _DEFAULT_STAGE)
    return path if stage == _DEFAULT_STAGE else path.removeprefix(f"/{stage}")


def _handed_over(event: Event) -> Mapping[str, Any]:
    """Return what the gateway's authorizer said of the caller; empty where it was not asked."""
    authorizer = event["requestContext"].get("authorizer") or {}
    found: Mapping[str, Any] = authorizer.get("lambda") or {}
    return found


def _body(event: Event) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(text)
        except ValueError:
            refuse(
                "unreadable-request",
                "Send the body as it is: what the gateway calls base64 is none.",
                code="structure",
                status=HTTPStatus.BAD_REQUEST,
            )
    return str(text).encode("utf-8", errors="surrogatepass")


def _correlation_id(event: Event) -> str:
    return str(event["requestContext"].get("requestId", "unknown"))


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
    headers = headers_of(error, status, methods_of(_path(event)))
    return _rendered(status, operation_outcome(issues, _correlation_id(event)), headers)


def _aws_code(cause: BaseException | None) -> str | None:
    response = getattr(cause, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _answered(event: Event, response: Response) -> dict[str, Any]:
    """Render what was done, in the form that the caller prefers to get of a write."""
    headers, body = dict(response.headers), response.body
    if isinstance(body, Content):
        return _rendered(response.status, body, headers)
    if _method(event) in _READS and is_known(_headers(event), headers.get("ETag")):
        unchanged = _rendered(HTTPStatus.NOT_MODIFIED, {}, headers)
        return {**unchanged, "body": ""}
    if response.warnings:
        headers["Warning"] = ", ".join(
            f'199 - "{issue.diagnostics} ({issue.expression})"'
            for issue in response.warnings[:_MOST_WARNINGS]
        )
    written = _method(event) in _WRITES and response.status in {HTTPStatus.OK, HTTPStatus.CREATED}
    wanted = wanted_return(_headers(event)) if written else None
    if wanted == OUTCOME and body.get("resourceType") not in _NO_CONTENT:
        issues = response.warnings or [_DONE]
        body = operation_outcome(issues, _correlation_id(event))
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
