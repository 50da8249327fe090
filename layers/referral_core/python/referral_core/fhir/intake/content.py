"""From the order and what it leads to, to the clinical content: which code and reason count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from referral_core.domain.clinical_content import ClinicalContent, Reason, ServiceContent
from referral_core.fhir.intake.parties import (
    logical_npi,
    npi_of,
    person_and_organization,
    read_coverage,
    read_patient,
    read_requester,
)
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.subject import subject_of
from referral_core.fhir.r4.datatypes import CodeableConcept, Reference
from referral_core.fhir.r4.orders import Coded, Consent, Encounter, ServiceRequest
from referral_core.fhir.r4.parties import Coverage, HealthcareService, Patient, PractitionerRole
from referral_core.fhir.systems import ICD10, NUCC


def read_content(
    graph: Graph,
    request: Node,
    order: ServiceRequest,
    coverages: Sequence[tuple[Node, Coverage]],
    at: datetime,
    *,
    diagnoses: Sequence[CodeableConcept] = (),
    provider: tuple[Reference, Node] | None = None,
) -> ClinicalContent:
    """Read what the steps need of a referral.

    Args:
        graph: the body.
        request: the referral.
        order: its model.
        coverages: what may pay, in the order of preference.
        at: when it is read: what is in force then counts.
        diagnoses: from the claim that carries the referral, used when the order has no reason.
        provider: from the same claim, used when the order has no requester.
    """
    requester, source = (order.requester, request)
    if requester is None and provider is not None:
        requester, source = provider
    reasons = (*_reasons(order.reason_code), *_referenced_reasons(graph, request, order))
    return ClinicalContent(
        patient=read_patient(_patient(subject_of(graph, request, order)), order.subject, at),
        coverage=read_coverage(graph, coverages, at),
        requester=read_requester(graph, requester, source, at),
        service=_service(graph, request, order),
        reasons=tuple(dict.fromkeys(reasons or _reasons(diagnoses))),
        consent=any(
            (found := graph.find(reference, request, Consent)) and found.allows
            for reference in order.supporting_info
        ),
        setting=setting_of(graph, request, order),
        notes=tuple(n.text for n in order.note if n.text)
        + ((order.patient_instruction,) if order.patient_instruction else ()),
    )


def _patient(subject: Node | None) -> Patient | None:
    return subject.model if subject and isinstance(subject.model, Patient) else None


def _service(graph: Graph, request: Node, order: ServiceRequest) -> ServiceContent:
    coding = next((c for c in order.code.coding if c.code), None) if order.code else None
    wanted = [order.performer_type] if order.performer_type else []
    npi = words = None
    for reference in order.performer:
        node = graph.resolve(reference, request)
        person, _ = person_and_organization(graph, node)
        npi = npi or (npi_of(person.identifier) if person else logical_npi(reference))
        if node and isinstance(node.model, (PractitionerRole, HealthcareService)):
            wanted += node.model.specialty
        if node and isinstance(node.model, HealthcareService):
            words = words or node.model.name
    return ServiceContent(
        system=coding.system if coding else None,
        code=coding.code if coding else None,
        display=(order.code.words if order.code else None) or words,
        category=next(iter(tokens(order.category)), None),
        performer_type=next(iter(tokens(wanted)), None),
        performer_specialty=next(
            (c.code for concept in wanted for c in concept.coding if c.system == NUCC), None
        ),
        performer_npi=npi,
    )


def setting_of(graph: Graph, request: Node, order: ServiceRequest) -> str | None:
    """Return the class of the encounter that an order was written in."""
    if order.encounter is None:
        return None
    encounter = graph.find(order.encounter, request, Encounter)
    return encounter.class_.code if encounter and encounter.class_ else None


def tokens(concepts: Iterable[CodeableConcept]) -> tuple[str, ...]:
    """List all codings of concepts as `system|code`."""
    return tuple(c.token for concept in concepts for c in concept.coding if c.token)


def _referenced_reasons(graph: Graph, request: Node, order: ServiceRequest) -> tuple[Reason, ...]:
    found: list[Reason] = []
    for reference in order.reason_reference:
        problem = graph.find(reference, request, Coded)
        if problem and problem.code:
            found += _reasons([problem.code])
        elif reference.display:
            found.append(Reason(text=reference.display))
    return tuple(found)


def _reasons(concepts: Iterable[CodeableConcept]) -> tuple[Reason, ...]:
    reasons = []
    for concept in concepts:
        coded = sorted((c for c in concept.coding if c.code), key=lambda c: c.system != ICD10)
        coding = coded[0] if coded else None
        if coding or concept.words:
            reasons.append(
                Reason(
                    system=coding.system if coding else None,
                    code=coding.code if coding else None,
                    text=concept.words,
                )
            )
    return tuple(reasons)
