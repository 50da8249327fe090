"""What the partners' FHIR endpoints have in common: who may call, and how they refuse."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Json = dict[str, Any]

_FHIR = "application/fhir+json"


class Refused(Exception):
    """What was sent is not what the endpoint takes; the message names the element."""


def fhir(resource: Json, status: int = HTTPStatus.OK) -> Response:
    """Answer a resource."""
    return JSONResponse(resource, status, media_type=_FHIR)


def refusal(status: int, code: str, diagnostics: str) -> Response:
    """Answer an OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return fhir({"resourceType": "OperationOutcome", "issue": [issue]}, status)


async def resource_in(request: Request) -> Json:
    """Read the resource that an authenticated request carries.

    Raises:
        Refused: no token, another media type, or no resource.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    expect(scheme == "Bearer" and bool(token.strip()), "a bearer token")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    expect(media_type == _FHIR, f"content of type {_FHIR}")
    try:
        body = await request.json()
    except ValueError as error:
        raise Refused("JSON") from error
    expect(isinstance(body, dict) and isinstance(body.get("resourceType"), str), "a resource")
    return dict(body)


def codes_of(concept: Any) -> set[str]:
    """List the codes of a CodeableConcept, or of several."""
    concepts = concept if isinstance(concept, list) else [concept or {}]
    return {str(coding.get("code")) for one in concepts for coding in one.get("coding", [])}


def expect(holds: bool, element: str) -> None:  # noqa: FBT001 - an assertion with a name
    """Refuse what does not hold.

    Raises:
        Refused: it does not hold.
    """
    if not holds:
        raise Refused(element)
