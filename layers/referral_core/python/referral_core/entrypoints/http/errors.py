"""Errors as HTTP shows them: a status, and issues that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final, NoReturn

from referral_core.domain.errors import (
    Forbidden,
    NotFound,
    NotLegal,
    Permanent,
    Retryable,
    RouterError,
    Throttled,
    Unauthenticated,
)
from referral_core.fhir.errors import FhirError, Issue

_CHALLENGE: Final = 'Bearer error="invalid_token"'
_RETRY_AFTER_S: Final = 2
_FAILED: Final = Issue(
    "fatal",
    "processing",
    "internal-error",
    None,
    "The router failed. Send the same request again: what was accepted is not taken twice.",
)


def shown(error: Exception) -> tuple[int, Sequence[Issue]]:
    """Return the status and the issues of any error; one that is not ours says nothing."""
    match error:
        case FhirError():
            return error.status, error.issues
        case Unauthenticated():
            return _one(HTTPStatus.UNAUTHORIZED, "login", "token-refused", error)
        case Forbidden():
            return _one(HTTPStatus.FORBIDDEN, "forbidden", "forbidden", error)
        case NotFound():
            return _one(HTTPStatus.NOT_FOUND, "not-found", "not-found", error)
        case NotLegal():
            return _one(HTTPStatus.CONFLICT, "conflict", "not-possible-now", error)
        case Throttled():
            return _one(HTTPStatus.TOO_MANY_REQUESTS, "throttled", "too-many-requests", error)
        case Retryable():
            return _one(HTTPStatus.SERVICE_UNAVAILABLE, "transient", "try-again", error)
        case Permanent():
            return _one(HTTPStatus.UNPROCESSABLE_ENTITY, "business-rule", "refused", error)
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR, [_FAILED]


def headers_of(error: Exception, status: int, methods: Sequence[str]) -> dict[str, str]:
    """Return the headers that say what to do: when again, with which methods, with a token.

    Args:
        error: what happened.
        status: that it is shown with.
        methods: that the path has.
    """
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": _CHALLENGE}
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return {"Allow": ", ".join([*methods, *(["HEAD"] if "GET" in methods else ())])}
        case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
            seconds = ceil(error.seconds) if isinstance(error, Throttled) else _RETRY_AFTER_S
            return {"Retry-After": str(seconds)}
        case _:
            return {}


def refuse(
    own_code: str, diagnostics: str, *, code: Any, status: int, expression: str | None = None
) -> NoReturn:
    """Raise a refusal with an own code and a sentence that says what to do."""
    raise FhirError(own_code, diagnostics, expression=expression, code=code, status=status)


def unknown_path(methods: Sequence[str] = ()) -> FhirError:
    """Return the error of a path that the API does not have, or not with this method.

    Args:
        methods: that the path has.
    """
    if methods:
        return FhirError(
            "method-not-allowed",
            f"This path takes {', '.join(methods)}: see GET /fhir/metadata.",
            code="not-supported",
            status=HTTPStatus.METHOD_NOT_ALLOWED,
        )
    return FhirError(
        "unknown-path",
        "This API has no such path or method: see GET /fhir/metadata.",
        code="not-found",
        status=HTTPStatus.NOT_FOUND,
    )


def _one(status: int, code: Any, own_code: str, error: RouterError) -> tuple[int, Sequence[Issue]]:
    return status, [Issue("error", code, own_code, None, str(error))]
