"""The OpenAPI document says what the routes are, and what is sent is what is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from referral_core.domain.updates import Role
from referral_core.entrypoints.http.openapi import BODIES, PARAMETERS
from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_table import ROUTES
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient

Json = Mapping[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    reply = ApiClient(World(), settled=False).call("GET", "/openapi.json", client="nobody")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    return reply.body


def operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid_and_has_every_route_and_no_other(document: Json) -> None:
    validate(document)  # type: ignore[arg-type]
    said = operations(document)
    assert set(said) == {route.key for route in ROUTES}
    for route in ROUTES:
        operation = said[route.key]
        assert operation["operationId"] == route.operation
        assert operation["summary"] == route.does
        assert [*operation["security"]] == ([{"token": [route.scope]}] if route.scope else [])
        assert {Role(name) for name in operation.get("x-roles", ())} == route.roles


def sent_to(document: Json, route: Route) -> set[str]:
    (schema,) = (
        each["schema"]
        for kind, each in operations(document)[route.key]["requestBody"]["content"].items()
        if kind == "application/json"
    )
    name = schema["$ref"].rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"])


def test_what_may_be_sent_is_what_its_model_reads(document: Json) -> None:
    by_operation = {route.operation: route for route in ROUTES}
    assert set(BODIES) <= set(by_operation)
    for operation, model in BODIES.items():
        aliases = {field.alias or name for name, field in model.model_fields.items()}
        assert sent_to(document, by_operation[operation]) == aliases


def test_a_decision_is_judged_by_its_schema_as_by_the_api(document: Json) -> None:
    schemas = {"components": document["components"]}
    schema = Draft202012Validator({**schemas, "$ref": "#/components/schemas/Decision"})
    assert schema.is_valid({"action": "claim", "item": "2026-03-02T15:00:00Z"})
    for wrong in ({}, {"action": ""}, {"action": "claim", "why": "x"}, {"action": 1}):
        assert not schema.is_valid(wrong)


def test_every_parameter_that_a_search_reads_is_named(document: Json) -> None:
    said = operations(document)
    for route in ROUTES:
        named = {p["name"] for p in said[route.key]["parameters"] if p["in"] == "query"}
        assert named == PARAMETERS.get(route.operation, frozenset())


def test_it_holds_nothing_of_a_tenant(document: Json) -> None:
    assert "lakeside" not in json.dumps(document).lower()
