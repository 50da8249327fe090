"""Which coverage counts, who pays, whose it is: what the payer is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from referral_core.domain.orders.clinical_content import (
    CoverageContent,
    Payor,
    Relationship,
    Subscriber,
)
from referral_core.fhir.dates import first_day, last_day
from referral_core.fhir.intake.impossible_times import birth_day
from referral_core.fhir.intake.name_parts import generation_of
from referral_core.fhir.intake.parties import name_in_force, tokens_of, typed
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.subject import records_of
from referral_core.fhir.r4.datatypes import Period, Reference
from referral_core.fhir.r4.kinds import RELATED_PERSON
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import Coverage, Organization, Patient
from referral_core.fhir.telecom import is_in_force

if TYPE_CHECKING:
    from referral_core.fhir.r4.context import RelatedPerson

_SELF_PAY: Final = ("http://terminology.hl7.org/CodeSystem/coverage-selfpay|pay", "pay")
_FEE_CLASSES: Final = frozenset("ABCD")
_SELF: Final = frozenset({"self", "onself", "18"})
_RELATIONSHIPS: Final[Mapping[str, Relationship]] = MappingProxyType(
    {
        "spouse": "spouse",
        "child": "child",
        "common": "common",
        "parent": "parent",
        "injured": "injured",
        "01": "spouse",
        "19": "child",
        "53": "common",
    }
)
"""HL7's subscriber-relationship, and X12's individual relationship code; others are `other`."""


def coverages_of(graph: Graph, node: Node, order: ServiceRequest) -> list[tuple[Node, Coverage]]:
    """List what may pay: what the order names, else every coverage of the same patient."""
    named = [graph.resolve(reference, node) for reference in order.insurance]
    found = [(n, n.model) for n in named if n is not None and isinstance(n.model, Coverage)]
    if found:
        return found
    root = node.container or node
    records = records_of(graph, node, order)
    return [
        (place, coverage)
        for place, coverage in graph.of_type(Coverage)
        if (place.container is not None and place.container is root)
        or graph.resolve(coverage.beneficiary, place) in records
    ]


def read_coverage(
    graph: Graph,
    coverages: Sequence[tuple[Node, Coverage]],
    patient: Patient | None,
    at: datetime,
) -> CoverageContent:
    """Read what pays: the first coverage in force, or the first."""
    if not coverages:
        return CoverageContent()
    ranked = sorted(coverages, key=lambda c: _rank(c[1], at))
    node, coverage = ranked[0]
    own = patient.identifier if patient else ()
    return CoverageContent(
        member_id=coverage.subscriber_id or typed(coverage.identifier, "MB") or typed(own, "MB"),
        payor=_payor(graph, node, coverage.payor),
        plan=_class(coverage, "plan"),
        group=_class(coverage, "group"),
        status=coverage.status,
        start=_first(coverage.period),
        end=_last(coverage.period),
        subscriber=_subscriber(graph, node, coverage, patient, at),
        self_pay=_is_self_pay(graph, node, coverage),
        fee_class=_fee_class(coverage),
    )


def _is_self_pay(graph: Graph, source: Node, coverage: Coverage) -> bool:
    """Whether a person pays: by the coverage's type, or because no organization is the payor."""
    if coverage.type is not None and coverage.type.has(*_SELF_PAY):
        return True
    payors = [graph.resolve(reference, source) for reference in coverage.payor]
    return bool(payors) and all(p and _person(p) for p in payors)


def _subscriber(
    graph: Graph, source: Node, coverage: Coverage, patient: Patient | None, at: datetime
) -> Subscriber | None:
    """Return whose coverage it is; None where it is the patient's own, as far as anything says."""
    node = graph.resolve(coverage.subscriber, source)
    person = _person(node) if node else None
    is_patient = patient is not None and person is patient
    codings = coverage.relationship.coding if coverage.relationship else ()
    codes = [coding.code.lower() for coding in codings if coding.code]
    says_nothing = not codes and coverage.subscriber is None
    if is_patient or says_nothing or not _SELF.isdisjoint(codes):
        return None
    known = (_RELATIONSHIPS[code] for code in codes if code in _RELATIONSHIPS)
    relationship = next(known, "other")
    if person is None:
        return Subscriber(relationship=relationship)
    name = name_in_force(person.name, at)
    return Subscriber(
        family=name.family,
        given=next((part for part in name.given if part), None),
        birth_date=birth_day(person.birth_date, at),
        gender=person.gender,
        suffix=generation_of(name),
        relationship=relationship,
    )


def _person(node: Node) -> Patient | RelatedPerson | None:
    return node.model if isinstance(node.model, Patient) else RELATED_PERSON.of(node.model)


def _payor(graph: Graph, source: Node, payors: Sequence[Reference]) -> Payor | None:
    for reference in payors:
        organization = graph.find(reference, source, Organization)
        name = (organization.name if organization else None) or reference.display
        identifiers = tokens_of(organization.identifier) if organization else ()
        logical = reference.identifier.token if reference.identifier else None
        identifiers += (logical,) if logical else ()
        if name or identifiers:
            return Payor(name=name, identifiers=identifiers)
    return None


def _class(coverage: Coverage, code: str) -> str | None:
    for entry in coverage.class_:
        if entry.type and any(coding.code == code for coding in entry.type.coding):
            return entry.name or entry.value
    return None


def _fee_class(coverage: Coverage) -> str | None:
    """Return the class of the sliding fee scale; another class of coverage is none of it."""
    letters = (
        (entry.value or "").strip().upper()
        for entry in coverage.class_
        if entry.type and any(coding.code == "class" for coding in entry.type.coding)
    )
    return next((letter for letter in letters if letter in _FEE_CLASSES), None)


def _rank(coverage: Coverage, at: datetime) -> tuple[bool, bool, int]:
    """Sort the coverage in force first, then by the order in which they pay."""
    return (
        coverage.status in {"cancelled", "entered-in-error"}
        or not is_in_force(coverage.period, at),
        coverage.status != "active",
        coverage.order or 1,
    )


def _first(period: Period | None) -> date | None:
    return first_day(period.start) if period and period.start else None


def _last(period: Period | None) -> date | None:
    return last_day(period.end) if period and period.end else None
