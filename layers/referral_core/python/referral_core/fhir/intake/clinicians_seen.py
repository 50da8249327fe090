"""Who saw the patient before, as the order's Bundle says: continuity is weighed by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from referral_core.domain.orders.patient_identity import Likeness, compare
from referral_core.fhir.intake.npis import npis_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.subject import subject_of
from referral_core.fhir.patient_identities import identity_in
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.kinds import CARE_TEAM, ENCOUNTER
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import Patient

_MOST: Final = 50
_NOT_YET_OR_NEVER: Final = frozenset({"planned", "proposed", "cancelled", "entered-in-error"})
"""Statuses of an encounter or a care team in which nobody has seen the patient."""


def clinicians_seen(
    graph: Graph, request: Node, order: ServiceRequest, along: Iterable[Node]
) -> tuple[str, ...]:
    """Return the NPIs of who took part in the patient's encounters, or is of the care team.

    Who refers the patient elsewhere is not who is to go on.

    Args:
        graph: the body.
        request: the order.
        order: its model.
        along: what goes along with the order.
    """
    referrer = set(npis_of(graph, order.requester, request))
    found = (
        npi
        for node in along
        for who in _taking_part(node)
        if not _is_anothers(graph, request, order, node)
        for npi in npis_of(graph, who, node)
        if npi not in referrer
    )
    return tuple(dict.fromkeys(found))[:_MOST]


def _is_anothers(graph: Graph, request: Node, order: ServiceRequest, node: Node) -> bool:
    """Tell whether a resource names somebody whom nothing says to be the patient."""
    said = node.resource.get("subject")
    literal = said.get("reference") if isinstance(said, dict) else None
    if not isinstance(literal, str):
        return False
    patient, owner = subject_of(graph, request, order), graph.named(said, node)
    if owner is None:
        own = (order.subject.reference or "") if order.subject else ""
        return literal.split("/")[-2:] != own.split("/")[-2:]
    if patient is None or not isinstance(owner.model, Patient):
        return True
    if owner.resource == patient.resource or not isinstance(patient.model, Patient):
        return False
    known, named = identity_in(patient.model), identity_in(owner.model)
    return compare(known, named) is not Likeness.SAME


def _taking_part(node: Node) -> Iterator[Reference]:
    team, encounter = CARE_TEAM.of(node.model), ENCOUNTER.of(node.model)
    if team is not None and team.status not in _NOT_YET_OR_NEVER:
        yield from (p.member for p in team.participant if p.member is not None)
    if encounter is not None and encounter.status not in _NOT_YET_OR_NEVER:
        yield from (p.individual for p in encounter.participant if p.individual is not None)
