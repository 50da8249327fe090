"""The table of routes: each has a use case, one function, and the roles that its updates have."""

from __future__ import annotations

import pytest

from referral_core.domain.access.ownership import may_post
from referral_core.domain.access.scopes import OPERATE, READ, WRITE
from referral_core.domain.updates import UPDATES, Role, UpdateKind
from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_matching import function_of, route_of
from referral_core.entrypoints.http.route_table import FALLBACK, ROUTES
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient


def of_route(route: Route) -> str:
    return route.key


def test_keys_and_operations_are_unique() -> None:
    assert len({route.key for route in ROUTES}) == len(ROUTES)
    assert len({route.operation for route in ROUTES}) == len(ROUTES)


def test_every_route_is_answered_by_the_endpoint_of_its_function() -> None:
    apps = ApiClient(World(), settled=False).apps
    for function, app in apps.items():
        assert app.routes == {route for route in ROUTES if route.function == function}
    assert FALLBACK in apps


@pytest.mark.parametrize("route", ROUTES, ids=of_route)
def test_a_request_leads_to_its_route_with_its_id(route: Route) -> None:
    path = route.path.replace("{id}", "0123.b2").replace("{version}", "3")
    version = "3" if "{version}" in route.path else ""
    wanted = "0123.b2" if "{id}" in route.path else ""
    assert route_of(route.method, path) == (route, wanted, version)
    assert function_of(route.method, path) == route.function


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/fhir/Patient/1"),
        ("DELETE", "/fhir/Task/1"),
        ("POST", "/_search"),
        ("POST", "/fhir/Patient/_search"),
        ("GET", "/fhir/Task/1/2"),
        ("POST", "/fhir/ServiceRequest/1/xreopen"),
        ("GET", "/"),
    ],
)
def test_what_is_no_route_falls_back(method: str, path: str) -> None:
    assert route_of(method, path) is None
    assert function_of(method, path) == FALLBACK


@pytest.mark.parametrize("route", ROUTES, ids=of_route)
def test_what_reads_needs_the_scope_to_read_and_what_writes_the_scope_to_write(
    route: Route,
) -> None:
    # A posted search reads: what is looked for stands in no address.
    reads = route.method == "GET" or route.operation.startswith("search-")
    wanted = READ if reads else WRITE
    if route.path.startswith("/operations/"):
        wanted = OPERATE
    assert route.scope == (None if route.operation in {"capabilities", "openapi"} else wanted)
    assert bool(route.roles) is (route.scope is not None)
    assert route.does.endswith(".")


def test_whoever_may_report_something_may_call_the_routes_that_take_it() -> None:
    roles = {route.operation: route.roles for route in ROUTES}
    assert roles["create-claim-response"] == may_post(UpdateKind.AUTHORIZATION_DECIDED)
    assert roles["decide-work-item"] == {Role.STAFF}
    partners = {Role.CLINIC, Role.EHR, Role.STAFF}
    for operation in ("update-task", "create-document", "create-communication"):
        assert roles[operation] == partners
    # Nobody else comes in over HTTP: a patient's channel writes by text message.
    everybody = frozenset[Role]().union(*roles.values())
    assert everybody == partners | {Role.PAYER, Role.FINANCE}
    posted = frozenset[Role]().union(*(may_post(kind) for kind in UPDATES))
    assert posted - everybody == {Role.PATIENT_CHANNEL, Role.ROUTER}


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/fhir/Task/", "search-tasks"),
        ("POST", "/fhir/ServiceRequest/", "create-order"),
        ("POST", "/fhir/", "create-bundle"),
        ("HEAD", "/fhir/ServiceRequest/1", "read-order"),
        ("HEAD", "/fhir/metadata/", "capabilities"),
        ("POST", "/fhir/ServiceRequest/_search", "search-orders"),
        ("POST", "/fhir/Task/_search/", "search-tasks"),
    ],
)
def test_ways_to_say_the_same_are_one_route(method: str, path: str, operation: str) -> None:
    found = route_of(method, path)
    assert found is not None
    assert found.route.operation == operation
