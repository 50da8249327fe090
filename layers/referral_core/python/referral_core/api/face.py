"""What every HTTP use case has in common: who calls, what was sent, and how errors are told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NoReturn

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from referral_core.domain.errors import (
    Conflict,
    Forbidden,
    NotFound,
    NotLegal,
    Retryable,
    RouterError,
)
from referral_core.domain.errors import Final as FinalError
from referral_core.domain.principal import Principal
from referral_core.fhir.errors import FhirError, Issue, operation_outcome
from referral_core.observability import logger
from referral_core.ports import Directory
from referral_core.settings import settings

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
READ: Final = "referrals/read"
WRITE: Final = "referrals/write"

_RETRY_AFTER_S: Final = "2"
_AGAIN: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True)
class Call:
    """One authenticated request."""

    principal: Principal
    body: bytes
    content_type: str | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    correlation_id: str
    base_url: str


@dataclass(frozen=True)
class Answer:
    """What a use case answers; rendered as FHIR JSON."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Face:
    """Reads calls from API Gateway events and renders answers and errors."""

    def __init__(self, app: APIGatewayHttpResolver, directory: Directory) -> None:
        """Take the resolver that holds the current event, and the directory of principals."""
        self._app = app
        self._directory = directory
        app.exception_handler(Exception)(self.failed)
        app.not_found(self.not_found)

    def answer(self, scope: str, use: Callable[[Call], Answer]) -> Response[str]:
        """Run a use case for the current event."""
        answer = use(self._call(scope))
        return _rendered(answer.status, answer.body, answer.headers)

    def open(self, use: Callable[[str], Answer]) -> Response[str]:
        """Run a use case that needs no token; it is given the endpoint's address."""
        answer = use(self.base_url())
        return _rendered(answer.status, answer.body, answer.headers)

    def failed(self, error: Exception) -> Response[str]:
        """Render any error: what to do, never a traceback; unknown ones are ours and logged."""
        if isinstance(error, FhirError):
            status, issues = error.status, error.issues
        else:
            status, issue = _told(error)
            issues = (issue,)
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
        headers = {"Retry-After": _RETRY_AFTER_S} if status in _AGAIN else {}
        return _rendered(status, operation_outcome(issues, self._correlation_id()), headers)

    def not_found(self, _error: Exception) -> Response[str]:
        """Render a path that the API does not have."""
        return self.failed(
            FhirError(
                "unknown-path",
                "This API has no such path or method: see GET /fhir/metadata.",
                code="not-found",
                status=HTTPStatus.NOT_FOUND,
            )
        )

    def _call(self, scope: str) -> Call:
        event = self._app.current_event
        claims = _claims(event.raw_event)
        if scope not in str(claims.get("scope", "")).split():
            raise Forbidden(f"The token lacks the scope {scope}: ask for a token with it.")
        principal = self._directory.principal(str(claims.get("client_id", "")))
        logger.append_keys(client_id=principal.client_id, tenant=principal.tenant)
        headers = {name.lower(): value for name, value in (event.headers or {}).items()}
        return Call(
            principal=principal,
            body=_body(event.raw_event),
            content_type=headers.get("content-type"),
            headers=headers,
            query=dict(event.query_string_parameters or {}),
            correlation_id=self._correlation_id(),
            base_url=self.base_url(),
        )

    def base_url(self) -> str:
        """Return the address of the FHIR endpoint, as the caller knows it."""
        if public := settings().public_base_url:
            return f"{public}/fhir"
        context = self._app.current_event.raw_event.get("requestContext", {})
        return f"https://{context.get('domainName', 'localhost')}/fhir"

    def _correlation_id(self) -> str:
        context = self._app.current_event.raw_event.get("requestContext", {})
        return str(context.get("requestId", "unknown"))


def _aws_code(cause: BaseException | None) -> str | None:
    response = getattr(cause, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the claims that the gateway's authorizer verified; it lets no other call through."""
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    claims: Mapping[str, Any] = authorizer.get("jwt", {}).get("claims", {})
    return claims


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(text)
    return str(text).encode("utf-8", errors="surrogatepass")


def _told(error: Exception) -> tuple[int, Issue]:
    match error:
        case Forbidden():
            return _issue(HTTPStatus.FORBIDDEN, "forbidden", "forbidden", error)
        case NotFound():
            return _issue(HTTPStatus.NOT_FOUND, "not-found", "not-found", error)
        case NotLegal():
            return _issue(HTTPStatus.CONFLICT, "conflict", "not-possible-now", error)
        case Conflict():
            return _issue(HTTPStatus.SERVICE_UNAVAILABLE, "transient", "try-again", error)
        case Retryable():
            return _issue(HTTPStatus.SERVICE_UNAVAILABLE, "transient", "try-again", error)
        case FinalError():
            return _issue(HTTPStatus.UNPROCESSABLE_ENTITY, "business-rule", "refused", error)
        case _:
            text = "Something failed on our side; nothing was accepted. Post again, then call us."
            return HTTPStatus.INTERNAL_SERVER_ERROR, Issue(
                "fatal", "processing", "internal-error", None, text
            )


def _issue(status: int, code: Any, own_code: str, error: RouterError) -> tuple[int, Issue]:
    return status, Issue("error", code, own_code, None, str(error))


def _rendered(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response[str]:
    return Response(
        status_code=int(status),
        content_type=FHIR_JSON,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        headers=dict(headers),
    )


def refuse(
    own_code: str, diagnostics: str, *, code: Any, status: int, expression: str | None = None
) -> NoReturn:
    """Raise a refusal with an own code and a sentence that says what to do."""
    raise FhirError(own_code, diagnostics, expression=expression, code=code, status=status)
