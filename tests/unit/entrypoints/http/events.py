"""Requests as API Gateway's HTTP API sends them (payload format 2.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from referral_core.domain.access.caller import NO_ZONE, Caller
from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import Tenant
from referral_core.domain.updates import Role
from tests.unit.builders import TENANT

SCOPES = "referrals/read referrals/write"
CLIENTS = (
    ("staff-1", TENANT, Role.STAFF, "lakeside"),
    ("staff-2", TENANT, Role.STAFF, "lakeside"),
    ("ehr-1", TENANT, Role.EHR, "lakeside-ehr"),
    ("ehr-2", TENANT, Role.EHR, "another-ehr"),
    ("clinic-1", TENANT, Role.CLINIC, "clinic-1"),
    ("clinic-9", TENANT, Role.CLINIC, "clinic-9"),
    ("payer-1", TENANT, Role.PAYER, "harbor"),
    ("finance-1", TENANT, Role.FINANCE, "lakeside"),
    ("stranger", Tenant("riverside"), Role.STAFF, "riverside"),
)
PRINCIPALS = {
    client: Principal(client_id=client, tenant=tenant, role=role, organization=organization)
    for client, tenant, role, organization in CLIENTS
}
IN_2100 = 4_102_444_800


def handed_over(
    principal: Principal,
    scope: str = SCOPES,
    expires_at: int = IN_2100,
    time_zone: str = NO_ZONE,
) -> dict[str, str | int]:
    """Make what the authorizer hands over of a caller."""
    return Caller(principal, frozenset(scope.split()), expires_at, time_zone).handed_over()


def an_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    client: str = "ehr-1",
    scope: str = SCOPES,
    stage: str = "$default",
    caller: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Make the event of a request; a body that is no text is sent as JSON.

    Args:
        client: the name of one of CLIENTS.
        caller: what the authorizer says in place of that.
    """
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "headers": {"content-type": "application/fhir+json"},
        "requestContext": {
            "domainName": "api.example.org",
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.7"},
            "requestId": "request-1",
            "stage": stage,
            "authorizer": {
                "lambda": handed_over(PRINCIPALS[client], scope) if caller is None else caller
            },
        },
        "isBase64Encoded": False,
        "body": body if isinstance(body, str | None) else json.dumps(body),
        **fields,
    }
