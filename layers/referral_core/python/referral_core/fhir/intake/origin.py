"""Where an order was written, as its EHR identifies the place: a code, never an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from referral_core.domain.codes import token_in
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.kinds import ENCOUNTER
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import PractitionerRole

_LOCAL: Final = ("#", "urn:")
"""References that say nothing outside the body."""


def location_of(graph: Graph, request: Node, order: ServiceRequest) -> str | None:
    """Return the identifier of the encounter's place, else of the requester's; None without one."""
    names = (token_in(_name_of(graph, *place)) for place in _places(graph, request, order))
    return next((name for name in names if name), None)


def _places(graph: Graph, request: Node, order: ServiceRequest) -> Iterator[tuple[Reference, Node]]:
    node = graph.resolve(order.encounter, request)
    encounter = ENCOUNTER.of(node.model) if node else None
    if node is not None and encounter is not None:
        yield from ((p.location, node) for p in encounter.location if p.location)
    role = graph.resolve(order.requester, request)
    if role is not None and isinstance(role.model, PractitionerRole):
        yield from ((reference, role) for reference in role.model.location)


def _name_of(graph: Graph, reference: Reference, source: Node) -> str | None:
    if reference.identifier is not None and reference.identifier.token:
        return reference.identifier.token
    place = graph.resolve(reference, source)
    listed = place.resource.get("identifier") if place else None
    for known in listed if isinstance(listed, list) else []:
        if isinstance(known, dict) and known.get("value"):
            return f"{known.get('system', '')}|{known['value']}"
    literal = reference.reference or ""
    return literal if literal and not literal.startswith(_LOCAL) else None
