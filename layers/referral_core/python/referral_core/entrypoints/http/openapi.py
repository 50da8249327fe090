"""The API as an OpenAPI document, made of the table of routes and of what use cases read.

It imports what every function reads, so it is loaded when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from referral_core.domain.model import Model
from referral_core.entrypoints.http.directory.changes import (
    StatedCapacity,
    StatedDispute,
    StatedStatus,
    Verification,
)
from referral_core.entrypoints.http.directory.reads import TO_VERIFY_PARAMETERS
from referral_core.entrypoints.http.directory.slot_search import SLOT_PARAMETERS
from referral_core.entrypoints.http.orders.search import ORDER_PARAMETERS
from referral_core.entrypoints.http.orders.task_search import TASK_PARAMETERS
from referral_core.entrypoints.http.reports.request import REPORT_PARAMETERS
from referral_core.entrypoints.http.route import FILES, SCOPES, Route
from referral_core.entrypoints.http.route_table import ROUTES
from referral_core.entrypoints.http.staff.bulk import BulkCare
from referral_core.entrypoints.http.staff.decisions import Decision, Reopening
from referral_core.entrypoints.http.staff.list_values import VALUE_PARAMETERS
from referral_core.entrypoints.http.staff.lookups import Search
from referral_core.entrypoints.http.staff.people import Onboarding, Place
from referral_core.entrypoints.http.staff.saved_filters import Saving
from referral_core.entrypoints.http.staff.unmatched import UNMATCHED_PARAMETERS, Matching
from referral_core.entrypoints.http.staff.worklist import ITEM_PARAMETERS

Json = dict[str, Any]

BODIES: Final[Mapping[str, type[Model]]] = MappingProxyType(
    {
        "care-for-work-items": BulkCare,
        "decide-work-item": Decision,
        "dispute-fact": StatedDispute,
        "match-item": Matching,
        "reopen": Reopening,
        "search-referrals": Search,
        "onboard-person": Onboarding,
        "change-person": Place,
        "save-filter": Saving,
        "state-capacity": StatedCapacity,
        "state-status": StatedStatus,
        "verify-facts": Verification,
    }
)
"""What is sent that is no FHIR, by operation."""
PARAMETERS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "search-work-items": ITEM_PARAMETERS,
        "count-list-values": VALUE_PARAMETERS,
        "search-unmatched": UNMATCHED_PARAMETERS,
        "list-to-verify": TO_VERIFY_PARAMETERS,
        "search-orders": ORDER_PARAMETERS,
        "search-slots": SLOT_PARAMETERS,
        "search-tasks": TASK_PARAMETERS,
        "run-report": REPORT_PARAMETERS,
    }
)
"""The parameters of a query, by operation."""
_FHIR: Final = "application/fhir+json"
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
_SECURITY: Final = "token"
_IN_PATH: Final = re.compile(r"\{(\w+)\}")
_RESOURCE: Final = re.compile(r"/fhir/([A-Z]\w+)")
_REFUSALS: Final[Mapping[HTTPStatus, str]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: "What was sent cannot be read; it says what to correct.",
        HTTPStatus.FORBIDDEN: "The caller may not do this; it says what is needed.",
        HTTPStatus.NOT_FOUND: "There is no such record of the caller's.",
        HTTPStatus.CONFLICT: "Overtaken: it says what is so now.",
        HTTPStatus.SERVICE_UNAVAILABLE: "Not now; send it again after Retry-After.",
    }
)


def openapi(base_url: str, token_url: str, version: str) -> Json:
    """Return the document (OpenAPI 3.1).

    Args:
        base_url: of the API, without `/fhir`.
        token_url: where tokens are got.
        version: of the product.
    """
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Referral Router",
            "version": version,
            "description": "Closed-loop referrals. The tenant comes from the token alone. Every "
            "refusal is an OperationOutcome with a stable code and what to do.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {_SECURITY: _token(token_url)},
        },
    }


def _operation(route: Route) -> Json:
    said: Json = {
        "operationId": route.operation,
        "summary": route.does,
        "tags": ["FHIR" if route.path.startswith("/fhir") else "Work and figures"],
        "parameters": [*_in_path(route.path), *_in_query(route), *_in_header(route)],
        "responses": _responses(route),
        "security": [{_SECURITY: [route.scope]}] if route.scope else [],
    }
    if route.roles:
        said["x-roles"] = sorted(route.roles)
    if route.method in _WRITES:
        said["requestBody"] = {"required": True, "content": _content(route)}
    return said


def _content(route: Route) -> Json:
    model = BODIES.get(route.operation)
    if model is not None:
        return {"application/json": {"schema": _ref(model.__name__)}}
    resource = _RESOURCE.match(route.path)
    kind: Json = {"const": resource[1]} if resource else {"enum": ["Bundle"]}
    schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": kind}}
    return {_FHIR: {"schema": schema}}


def _responses(route: Route) -> Json:
    kind = "application/json" if route.path.startswith(FILES) else _FHIR
    done = {"description": "Done.", "content": {kind: {"schema": {"type": "object"}}}}
    refused = {_FHIR: {"schema": _ref("OperationOutcome")}}
    return {
        "2XX": done,
        **{str(int(s)): {"description": t, "content": refused} for s, t in _REFUSALS.items()},
    }


def _in_path(path: str) -> Iterable[Json]:
    for name in _IN_PATH.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(route: Route) -> Iterable[Json]:
    for name in sorted(PARAMETERS.get(route.operation, ())):
        yield {"name": name, "in": "query", "schema": {"type": "string"}}


def _in_header(route: Route) -> Iterable[Json]:
    if route.operation == "decide-work-item":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same act sent twice with one key is one act.",
            "schema": {"type": "string", "maxLength": 1024},
        }


def _schemas() -> Json:
    models = [(model, "validation") for model in BODIES.values()]
    _, made = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    outcome = {
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array"}},
    }
    return {**made["$defs"], "OperationOutcome": outcome}


def _token(token_url: str) -> Json:
    flow = {"tokenUrl": token_url, "scopes": dict(SCOPES)}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
