"""From the order and what it leads to, to the clinical content: which code and reason count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from referral_core.domain.orders.clinical_content import ClinicalContent, Reason, ServiceContent
from referral_core.domain.orders.content_bounds import bounded
from referral_core.fhir.intake.also_sent import labels_of
from referral_core.fhir.intake.clinicians_seen import clinicians_seen
from referral_core.fhir.intake.coverages import read_coverage
from referral_core.fhir.intake.parties import read_patient, read_requester
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.service import named_npis, ordered_service, requisition_of
from referral_core.fhir.intake.subject import numbers_of_replaced, subject_of
from referral_core.fhir.r4.datatypes import CodeableConcept, Reference
from referral_core.fhir.r4.kinds import CONSENT, ENCOUNTER, HEALTHCARE_SERVICE
from referral_core.fhir.r4.orders import Coded, ServiceRequest
from referral_core.fhir.r4.parties import Coverage, Patient
from referral_core.fhir.systems import ICD10


def read_content(
    graph: Graph,
    request: Node,
    order: ServiceRequest,
    coverages: Sequence[tuple[Node, Coverage]],
    at: datetime,
    *,
    along: Sequence[Node] = (),
    diagnoses: Sequence[CodeableConcept] = (),
    provider: tuple[Reference, Node] | None = None,
) -> ClinicalContent:
    """Read what the steps need of a referral.

    Args:
        graph: the body.
        request: the referral.
        order: its model.
        coverages: what may pay, in the order of preference.
        at: when it is read, in the practice's zone: what is in force then counts.
        along: what else the body holds about the patient: it goes along, and so it discloses.
        diagnoses: from the claim that carries the referral, used when the order has no reason.
        provider: from the same claim, used when the order has no requester.
    """
    requester, source = (order.requester, request)
    if requester is None and provider is not None:
        requester, source = provider
    reasons = (*_reasons(order.reason_code), *_referenced_reasons(graph, request, order))
    patient = _patient(subject_of(graph, request, order))
    known = read_patient(graph, patient, order.subject, at)
    merged = numbers_of_replaced(graph, request, order)
    content = ClinicalContent(
        patient=known.but(identifiers=tuple(dict.fromkeys((*known.identifiers, *merged)))),
        coverage=read_coverage(graph, coverages, patient, at),
        requester=read_requester(graph, requester, source, at),
        service=_service(graph, request, order, along, diagnoses, zone=at.tzinfo or UTC),
        reasons=tuple(dict.fromkeys(reasons or _reasons(diagnoses))),
        consent=any(
            (found := graph.find(reference, request, CONSENT)) and found.allows
            for reference in order.supporting_info
        ),
        setting=setting_of(graph, request, order),
        seen_by=clinicians_seen(graph, request, order, along),
        status=order.status,
        intent=order.intent,
        requisition=requisition_of(graph, request, order),
        notes=tuple(n.text for n in order.note if n.text)
        + ((order.patient_instruction,) if order.patient_instruction else ()),
    )
    return bounded(content)


def _patient(subject: Node | None) -> Patient | None:
    return subject.model if subject and isinstance(subject.model, Patient) else None


def _service(
    graph: Graph,
    request: Node,
    order: ServiceRequest,
    along: Sequence[Node],
    diagnoses: Sequence[CodeableConcept],
    *,
    zone: tzinfo,
) -> ServiceContent:
    coding = next((c for c in order.code.coding if c.code), None) if order.code else None
    wanted = ordered_service(graph, request, order, along, diagnoses, zone=zone)
    services = (graph.find(reference, request, HEALTHCARE_SERVICE) for reference in order.performer)
    names = (service.name for service in services if service and service.name)
    return ServiceContent(
        system=coding.system if coding else None,
        code=coding.code if coding else None,
        display=(order.code.words if order.code else None) or next(names, None),
        wanted=wanted,
        performer_npis=named_npis(graph, request, order),
        labels=labels_of(graph),
    )


def setting_of(graph: Graph, request: Node, order: ServiceRequest) -> str | None:
    """Return the class of the encounter that an order was written in."""
    if order.encounter is None:
        return None
    encounter = graph.find(order.encounter, request, ENCOUNTER)
    return encounter.class_.code if encounter and encounter.class_ else None


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
