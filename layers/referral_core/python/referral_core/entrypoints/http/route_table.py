"""The routes of the HTTP API, once: gateway, functions and CapabilityStatement are made of them.

Plain data: it is read where nothing of the API runs, so it imports nothing that a function needs.
"""

from __future__ import annotations

from typing import Final

from referral_core.domain.access.scopes import READ, WRITE
from referral_core.domain.update_kinds import Role
from referral_core.entrypoints.http.directory.routes import DIRECTORY_ROUTES
from referral_core.entrypoints.http.orders.routes import ORDER_ROUTES
from referral_core.entrypoints.http.route import (
    MANAGE_PEOPLE,
    QUERY_REPORTS,
    READ_RECORDS,
    RECEIVE_UPDATE,
    Route,
)
from referral_core.entrypoints.http.staff.operation_routes import OPERATION_ROUTES

_EHR: Final = frozenset({Role.EHR})
_PARTNERS: Final = frozenset({Role.CLINIC, Role.EHR, Role.STAFF})
_PAYER: Final = frozenset({Role.PAYER, Role.STAFF})
_REFERRER: Final = frozenset({Role.EHR, Role.STAFF})
_STAFF: Final = frozenset({Role.STAFF})
_FIGURES: Final = frozenset({Role.FINANCE, Role.STAFF})


def _update(method: str, path: str, operation: str, roles: frozenset[Role], does: str) -> Route:
    return Route(method, path, RECEIVE_UPDATE, operation, WRITE, roles, does)


def _query(path: str, operation: str, roles: frozenset[Role], does: str) -> Route:
    return Route("GET", path, READ_RECORDS, operation, READ, roles, does)


def _report(path: str, operation: str, does: str) -> Route:
    return Route("GET", path, QUERY_REPORTS, operation, READ, _FIGURES, does)


def _people(method: str, path: str, operation: str, does: str) -> Route:
    scope = READ if method == "GET" else WRITE
    return Route(method, path, MANAGE_PEOPLE, operation, scope, _STAFF, does)


ROUTES: Final = (
    *ORDER_ROUTES,
    _update(
        "PUT",
        "/fhir/Task/{id}",
        "update-task",
        _PARTNERS,
        "A clinic answers its offer; an EHR cancels the coordination Task.",
    ),
    _update(
        "PATCH",
        "/fhir/Task/{id}",
        "patch-task",
        _PARTNERS,
        "The same as an update, by a JSON Patch of the Task.",
    ),
    _update(
        "POST",
        "/fhir/Task",
        "create-task",
        _EHR,
        "An EHR's Task about an order that was sent before: it is the same referral.",
    ),
    _update(
        "POST", "/fhir/Appointment", "create-appointment", _PARTNERS, "The clinic books a visit."
    ),
    _update(
        "PUT",
        "/fhir/Appointment/{id}",
        "update-appointment",
        _PARTNERS,
        "The clinic moves or cancels a visit, or reports whether the patient came.",
    ),
    _update(
        "POST",
        "/fhir/DocumentReference",
        "create-document",
        _PARTNERS,
        "The clinic sends its report, inline.",
    ),
    _update(
        "POST",
        "/fhir/DocumentReference/$upload",
        "upload",
        _PARTNERS,
        "Get a place to upload a large document to, before a resource names it.",
    ),
    _update(
        "POST",
        "/fhir/DiagnosticReport",
        "create-diagnostic-report",
        _PARTNERS,
        "A diagnostic service sends its result, with its text.",
    ),
    _update(
        "POST",
        "/fhir/ClaimResponse",
        "create-claim-response",
        _PAYER,
        "The payer decides on a request that it pended.",
    ),
    _update(
        "POST",
        "/fhir/Communication",
        "create-communication",
        _PARTNERS,
        "The EHR acknowledges a notice.",
    ),
    _update(
        "POST",
        "/work-items/{id}/decision",
        "decide-work-item",
        _STAFF,
        "Staff decide on a work item, or take care of it.",
    ),
    _update(
        "POST",
        "/work-items/care",
        "care-for-work-items",
        _STAFF,
        "Staff claim, assign, release or snooze up to 25 items; each stands by itself.",
    ),
    _update(
        "POST",
        "/fhir/ServiceRequest/{id}/$reopen",
        "reopen",
        _REFERRER,
        "A closed referral goes on as its next run; the closure stays on record.",
    ),
    _update(
        "POST",
        "/unmatched/{id}/decision",
        "match-item",
        _STAFF,
        "Staff attach what came to the referral that it is about, or dismiss it.",
    ),
    _query("/unmatched", "search-unmatched", _STAFF, "List what came and belongs to no referral."),
    _query(
        "/unmatched/{id}/document",
        "read-unmatched",
        _STAFF,
        "Read what came and belongs to no referral, as it came.",
    ),
    _query("/work-items", "search-work-items", _STAFF, "List what waits for people."),
    _query("/work-items/counts", "count-work-items", _STAFF, "Count what waits, by team."),
    _query("/work-items/values", "count-list-values", _STAFF, "Count what a list is filtered by."),
    _query("/me", "who-am-i", _FIGURES, "Read who calls, and their teams."),
    _query("/people", "search-people", _STAFF, "List the tenant's people and their teams."),
    _people("POST", "/people", "onboard-person", "A manager makes a person who can sign in."),
    _people("PUT", "/people/{id}", "change-person", "A manager changes a duty or teams."),
    _people("POST", "/people/{id}/leave", "end-person", "A manager ends a person's access."),
    _people("GET", "/filters", "list-filters", "List the caller's saved filters and the teams'."),
    _people("POST", "/filters", "save-filter", "Keep a filter of the worklist, or share it."),
    _people("DELETE", "/filters/{id}", "forget-filter", "Remove a saved filter."),
    _query(
        "/referrals/{id}", "read-referral", _STAFF, "Read one referral as people see it, with PHI."
    ),
    _query(
        "/referrals/{id}/documents",
        "list-documents",
        _STAFF,
        "List a referral's documents, and read what people wrote about it, with PHI.",
    ),
    _query(
        "/referrals/{id}/documents/{version}",
        "read-document",
        _STAFF,
        "Read one document, by its SHA-256, as it came.",
    ),
    Route(
        "POST",
        "/referrals/search",
        READ_RECORDS,
        "search-referrals",
        READ,
        _STAFF,
        "Find referrals by name, birth date or a number; sent in the body: addresses are logged.",
    ),
    *OPERATION_ROUTES,
    _report("/reports", "list-reports", "List the figures with their definitions."),
    _report("/reports/{id}", "run-report", "Run a figure: period, basis, cuts, as of, format."),
    Route(
        "GET",
        "/fhir/metadata",
        READ_RECORDS,
        "capabilities",
        None,
        frozenset(),
        "Read the CapabilityStatement.",
    ),
    Route(
        "GET",
        "/openapi.json",
        READ_RECORDS,
        "openapi",
        None,
        frozenset(),
        "Read this API as an OpenAPI document.",
    ),
    _query("/fhir/ServiceRequest/{id}", "read-order", _REFERRER, "Read one order as it is stored."),
    _query(
        "/fhir/ServiceRequest/{id}/_history",
        "order-history",
        _REFERRER,
        "Read all versions of an order, the last first.",
    ),
    _query(
        "/fhir/ServiceRequest/{id}/_history/{version}",
        "order-version",
        _REFERRER,
        "Read one version of an order.",
    ),
    _query(
        "/fhir/ServiceRequest/{id}/$timeline",
        "timeline",
        _REFERRER,
        "What happened to the referral, what will happen when, and who acts next.",
    ),
    _query(
        "/fhir/ServiceRequest/{id}/$available-actions",
        "available-actions",
        _STAFF,
        "What staff may do with the referral now, and why it waits.",
    ),
    _query(
        "/fhir/ServiceRequest/{id}/$route-explain",
        "route-explain",
        _STAFF,
        "Who could see the patient, who not and why, who was asked, and what a person may choose.",
    ),
    _query(
        "/fhir/AuditEvent",
        "search-audit",
        _STAFF,
        "Reviewers and privacy officers read who saw what of a patient, and what went out.",
    ),
    _query("/fhir/Binary/{id}", "read-binary", _PARTNERS, "Read a document of a referral."),
    _query("/fhir/ServiceRequest", "search-orders", _REFERRER, "Find orders."),
    _query(
        "/fhir/Task/{id}",
        "read-task",
        _PARTNERS,
        "Read the coordination Task, or the Task of one offer.",
    ),
    _query("/fhir/Task", "search-tasks", _PARTNERS, "Find Tasks by focus, status and owner."),
    *DIRECTORY_ROUTES,
)
"""Every route of the API."""

FALLBACK: Final = READ_RECORDS
"""The function that answers what else comes under /fhir, unknown paths included."""


def routes_of(function: str) -> tuple[Route, ...]:
    """Return the routes of one function."""
    return tuple(route for route in ROUTES if route.function == function)
