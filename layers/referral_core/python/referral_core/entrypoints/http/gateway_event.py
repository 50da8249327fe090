"""What API Gateway's HTTP API hands over (payload format 2.0), read part by part."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from referral_core.entrypoints.http.errors import refuse
from referral_core.settings import settings

_DEFAULT_STAGE: Final = "$default"
_FORM: Final = "application/x-www-form-urlencoded"

Parameters = tuple[tuple[str, str], ...]
Event = Mapping[str, Any]


def form_of(body: bytes, headers: Mapping[str, str]) -> Parameters:
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


def method_of(event: Event) -> str:
    """Return the method."""
    return str(event["requestContext"]["http"]["method"])


def headers_sent(event: Event) -> Mapping[str, str]:
    """Return the headers by their names in small letters."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def parameters_of(event: Event) -> Parameters:
    """Return the parameters in their order; `queryStringParameters` would join equal ones."""
    if "rawQueryString" in event:
        return tuple(parse_qsl(event["rawQueryString"], keep_blank_values=True))
    return tuple((event.get("queryStringParameters") or {}).items())


def path_of(event: Event) -> str:
    """Return the path, without the stage before it."""
    path, stage = str(event["rawPath"]), event["requestContext"].get("stage", _DEFAULT_STAGE)
    return path if stage == _DEFAULT_STAGE else path.removeprefix(f"/{stage}")


def handed_over(event: Event) -> Mapping[str, Any]:
    """Return what the gateway's authorizer said of the caller; empty where it was not asked."""
    authorizer = event["requestContext"].get("authorizer") or {}
    found: Mapping[str, Any] = authorizer.get("lambda") or {}
    return found


def body_of(event: Event) -> bytes:
    """Return the bytes of the body.

    Raises:
        FhirError: 400, they are no base64 though the gateway says so.
    """
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


def correlation_id(event: Event) -> str:
    """Return the gateway's id of the request."""
    return str(event["requestContext"].get("requestId", "unknown"))


def base_url(event: Event) -> str:
    """Return the address of the FHIR endpoint, as the caller knows it."""
    if public := settings().public_base_url:
        return f"{public}/fhir"
    return f"https://{event['requestContext'].get('domainName', 'localhost')}/fhir"
