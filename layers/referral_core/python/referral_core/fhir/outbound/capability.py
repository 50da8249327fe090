"""The CapabilityStatement: what the API does, no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from referral_core.fhir.json_patch import FHIRPATH, MEDIA_TYPE, MERGE
from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.fhir.parse import Json
from referral_core.fhir.search import ORDER_SEARCH, SLOT_SEARCH, TASK_SEARCH
from referral_core.fhir.systems import OPERATION

_OAUTH: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

_BASE: Final = "/fhir"
_PROCESS_MESSAGE: Final = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
_NOTES: Final = {
    "ServiceRequest": (
        "Created and updated by its author only. If-None-Exist takes identifier=system|value, and "
        "so do the parameters of a PUT or PATCH without an id: a number of the order's own. "
        "Documents are taken inline, as a Binary in the same Bundle, or as an upload (see "
        "DocumentReference); another address is passed on to the clinic as it is and is not "
        "fetched. Found by number, else in the "
        "order of _lastUpdated; a search by an unknown parameter is refused unless "
        "Prefer: handling=lenient."
    ),
    "DocumentReference": (
        "A report is taken inline, or as an upload: ask $upload for a place, PUT the document "
        "there (at most 50 MB), and name it in attachment.url. No other address is fetched."
    ),
    "Binary": (
        "A document that came with an order, or a report: for the order's author, the clinic that "
        "has the referral, and the sender. Answered as it came, or as a Binary where FHIR's JSON "
        "is accepted; a large one by a redirect to an address that holds for a minute."
    ),
    "Schedule": (
        "Named by the NPI of its actor. Once it is published, its clinic has slots as places, and "
        "no number of a week. Other elements than actor and active are not kept."
    ),
    "Slot": (
        "Named by its Schedule: Slot/<NPI>.<an own part>; POST names it by its time. Up to "
        "26 weeks ahead, 200 a week, none over another; its time stays. Free ones are reserved for "
        "referrals, which comment says; specialty (NUCC) narrows for which. $publish of a Schedule "
        "takes a Bundle. Identifier and comment are not kept."
    ),
    "Task": (
        "Task <id>.a coordinates a referral; Task <id>.b1 is the first offer to a clinic. Updated "
        "by PUT, JSON Patch, merge patch or FHIRPath Patch; created by an EHR about an order that "
        "it sent before."
    ),
}
"""What is to be known of a resource beside its interactions."""
_INTERACTIONS: Final = {
    ("POST", False): "create",
    ("PUT", True): "update",
    ("PATCH", True): "patch",
    ("GET", True): "read",
    ("GET", False): "search-type",
}
"""Method, and whether the path names one resource → the interaction."""
_CONDITIONAL: Final = frozenset({("PUT", False), ("PATCH", False)})
"""Those that a condition leads to one resource: the statement has an element for the first."""
_SEARCH: Final = {"ServiceRequest": ORDER_SEARCH, "Slot": SLOT_SEARCH, "Task": TASK_SEARCH}


class RouteOfTheApi(Protocol):
    """What the statement says of a route."""

    @property
    def method(self) -> str:
        """Of HTTP."""

    @property
    def path(self) -> str:
        """Of the route, with `{id}`."""

    @property
    def does(self) -> str:
        """One sentence."""


def capability_statement(
    base_url: str,
    version: str,
    date: datetime,
    token_url: str,
    routes: Sequence[RouteOfTheApi],
) -> Json:
    """Make the CapabilityStatement.

    Args:
        base_url: of the FHIR endpoint.
        version: of the software.
        date: when the software was released or deployed.
        token_url: where a client gets its OAuth2 token.
        routes: those of the API; what is not under `/fhir` is left out.
    """
    security = {
        "extension": [{"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]}],
        "service": [{"coding": [{"system": _OAUTH, "code": "OAuth"}]}],
        "description": "OAuth2 client credentials; scopes referrals/write and referrals/read.",
    }
    fhir = [route for route in routes if route.path.startswith(_BASE)]
    kinds = dict.fromkeys(kind for route in fhir if (kind := _kind(route)))
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": fhir_instant(date),
        "kind": "instance",
        "software": {"name": "Referral Router", "version": version},
        "implementation": {"description": "Closed-loop referral router", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": [MEDIA_TYPE, MERGE, FHIRPATH],
        "rest": [
            {
                "mode": "server",
                "security": security,
                "resource": [_resource(kind, fhir) for kind in kinds],
                "interaction": [
                    {"code": code, "documentation": route.does}
                    for route in fhir
                    if route.path == _BASE
                    for code in ("transaction", "batch")
                ],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": _PROCESS_MESSAGE,
                        "documentation": route.does,
                    }
                    for route in fhir
                    if route.path == f"{_BASE}/$process-message"
                ],
            }
        ],
    }


def _parts(route: RouteOfTheApi) -> list[str]:
    return route.path.removeprefix(_BASE).strip("/").split("/")


def _kind(route: RouteOfTheApi) -> str | None:
    """Return the type of resource that a route is about, if it is about one."""
    first = _parts(route)[0]
    return first if first[:1].isupper() else None


def _interaction(route: RouteOfTheApi) -> str:
    if route.path.endswith("/{version}"):
        return "vread"
    if route.path.endswith("/_history"):
        return "history-instance"
    return _INTERACTIONS[route.method, "{id}" in route.path]


def _resource(kind: str, routes: Sequence[RouteOfTheApi]) -> Json:
    own = [route for route in routes if _kind(route) == kind]
    operations = [(route, _parts(route)[-1]) for route in own if "$" in route.path]
    conditional = [r for r in own if (r.method, "{id}" in r.path) in _CONDITIONAL]
    interactions = [
        {"code": _interaction(route), "documentation": route.does}
        for route in own
        if "$" not in route.path and route not in conditional
    ]
    resource: dict[str, Any] = {"type": kind, "interaction": interactions}
    if kind in _NOTES:
        resource["documentation"] = _NOTES[kind]
    if any(interaction["code"] == "read" for interaction in interactions):
        resource["versioning"] = "no-version" if kind == "Binary" else "versioned"
    if kind == "ServiceRequest":
        resource["conditionalCreate"] = True
    if any(route.method == "PUT" for route in conditional):
        resource["conditionalUpdate"] = True
    if operations:
        resource["operation"] = [
            {
                "name": name.removeprefix("$"),
                "definition": f"{OPERATION}/{name.removeprefix('$')}",
                "documentation": f"{route.method}: {route.does}",
            }
            for route, name in operations
        ]
    search = [{"name": name, "type": of} for name, of in sorted(_SEARCH.get(kind, {}).items())]
    return {**resource, "searchParam": search} if search else resource
