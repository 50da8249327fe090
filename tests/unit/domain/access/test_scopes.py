"""Scopes: broad ones of ours, and SMART's by resource and interaction."""

from __future__ import annotations

import pytest

from referral_core.domain.access.scopes import covers, is_scope
from referral_core.entrypoints.http.route_matching import route_of
from referral_core.entrypoints.http.route_table import ROUTES


@pytest.mark.parametrize(
    ("granted", "wanted"),
    [
        ("referrals/read", "referrals/read"),
        ("system/Task.rs", "system/Task.r"),
        ("system/*.cruds", "system/Task.u"),
        ("system/*.*", "system/*.cud"),
        ("system/Task.read", "system/Task.s"),
        ("system/Task.write", "system/Task.u"),
        ("system/Task.cud", "system/Task.write"),
    ],
)
def test_a_scope_covers_what_it_contains(granted: str, wanted: str) -> None:
    assert covers(granted, wanted)


@pytest.mark.parametrize(
    ("granted", "wanted"),
    [
        ("referrals/write", "referrals/read"),
        ("referrals/read", "system/Task.r"),
        ("system/Task.r", "system/Task.s"),
        ("system/Task.r", "system/*.r"),
        ("system/Tas.r", "system/Task.r"),
        ("system/Task.read", "system/Task.u"),
        ("system/Task.rs?status=x", "system/Task.r"),
        ("patient/Task.rs", "system/Task.r"),
        ("system/Task.", "system/Task.r"),
        ("system/Task.sr", "system/Task.r"),
        ("system/*", "system/Task.r"),
    ],
)
def test_nothing_else_is_covered(granted: str, wanted: str) -> None:
    assert not covers(granted, wanted)


@pytest.mark.parametrize("text", ["", "system/Task.", "system/Task", "openid", "system/task.r"])
def test_what_is_no_scope_is_given_to_nobody(text: str) -> None:
    assert not is_scope(text)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/fhir", "system/ServiceRequest.c"),
        ("POST", "/fhir/$process-message", "system/ServiceRequest.c"),
        ("POST", "/fhir/ServiceRequest", "system/ServiceRequest.c"),
        ("PUT", "/fhir/ServiceRequest/1", "system/ServiceRequest.u"),
        ("POST", "/fhir/ServiceRequest/1/$reopen", "system/ServiceRequest.u"),
        ("GET", "/fhir/ServiceRequest/1/_history", "system/ServiceRequest.r"),
        ("GET", "/fhir/ServiceRequest", "system/ServiceRequest.s"),
        ("POST", "/fhir/Task/_search", "system/Task.s"),
        ("GET", "/fhir/Task/1", "system/Task.r"),
        ("PATCH", "/fhir/Task/1", "system/Task.u"),
        ("POST", "/fhir/ClaimResponse", "system/ClaimResponse.c"),
        ("GET", "/work-items", None),
        ("POST", "/referrals/search", None),
        ("GET", "/fhir/metadata", None),
    ],
)
def test_a_route_asks_for_its_resource_and_interaction(
    method: str, path: str, scope: str | None
) -> None:
    found = route_of(method, path)
    assert found is not None
    assert found.route.resource_scope == scope


def test_a_scope_of_a_resource_allows_its_routes_and_no_other() -> None:
    allowed = {route.key for route in ROUTES if route.allows({"system/Task.rs"})}
    assert allowed == {"GET /fhir/Task", "GET /fhir/Task/{id}"}
    assert not any(
        route.allows({"system/*.cruds"}) for route in ROUTES if route.resource_scope is None
    )
