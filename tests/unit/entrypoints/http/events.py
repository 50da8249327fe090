"""Requests as API Gateway's HTTP API sends them (payload format 2.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SCOPES = "referrals/read referrals/write"


def an_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    client: str = "ehr-1",
    scope: str = SCOPES,
    stage: str = "$default",
    claims: Mapping[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Make the event of a request; a body that is no text is sent as JSON."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "headers": {"content-type": "application/fhir+json"},
        "requestContext": {
            "domainName": "api.example.org",
            "http": {"method": method, "path": path},
            "requestId": "request-1",
            "stage": stage,
            "authorizer": {
                "jwt": {"claims": {**(claims or {"client_id": client}), "scope": scope}}
            },
        },
        "isBase64Encoded": False,
        "body": body if isinstance(body, str | None) else json.dumps(body),
        **fields,
    }
