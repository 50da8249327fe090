"""From FHIR resources to who takes part: which name, number, address and coverage count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from referral_core.domain.clinical_content import (
    CoverageContent,
    PatientContent,
    Payor,
    RequesterContent,
)
from referral_core.fhir.dates import first_day, last_day
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.patient_identities import is_of_payer
from referral_core.fhir.r4.datatypes import (
    Address,
    CodeableConcept,
    HumanName,
    Identifier,
    Period,
    Reference,
)
from referral_core.fhir.r4.parties import (
    Coverage,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
)
from referral_core.fhir.systems import IDENTIFIER_TYPE, NPI
from referral_core.fhir.telecom import email, fax, is_in_force, phone

_SELF_PAY: Final = ("http://terminology.hl7.org/CodeSystem/coverage-selfpay|pay", "pay")
_FEE_CLASSES: Final = frozenset("ABCD")
_GEOLOCATION: Final = "http://hl7.org/fhir/StructureDefinition/geolocation"


def read_patient(patient: Patient | None, subject: Reference, at: datetime) -> PatientContent:
    """Read who is referred; of a patient not sent, only the identifier that the order names."""
    if patient is None:
        known = subject.identifier.token if subject.identifier else None
        return PatientContent(identifiers=(known,) if known else ())
    name = _name(patient.name, at)
    given = [part for part in name.given if part]
    address = _address(patient.address, at)
    latitude, longitude = _place(address)
    return PatientContent(
        family=name.family,
        given=given[0] if given else None,
        middle=" ".join(given[1:]) or None,
        birth_date=_day(patient.birth_date),
        gender=patient.gender,
        phone=phone(patient.telecom, at),
        email=email(patient.telecom, at),
        address_lines=tuple(line for line in address.line if line),
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        latitude=latitude,
        longitude=longitude,
        language=_language(patient),
        deceased=bool(patient.deceased_boolean or patient.deceased_date_time),
        mrn=_typed(patient.identifier, "MR"),
        identifiers=_tokens(i for i in patient.identifier if not is_of_payer(i)),
    )


def _name(names: Sequence[HumanName], at: datetime) -> HumanName:
    order = {"official": 0, "usual": 1, None: 2}
    ranked = sorted(names, key=lambda n: (not is_in_force(n.period, at), order.get(n.use, 3)))
    return ranked[0] if ranked else HumanName()


def _address(addresses: Sequence[Address], at: datetime) -> Address:
    order = {"home": 0, None: 1, "work": 2, "temp": 3}
    ranked = sorted(addresses, key=lambda a: (not is_in_force(a.period, at), order.get(a.use, 4)))
    return ranked[0] if ranked else Address()


def _place(address: Address) -> tuple[float | None, float | None]:
    place = address.extended(_GEOLOCATION)
    parts = [place.extended(name) if place else None for name in ("latitude", "longitude")]
    degrees = [part.value_decimal if part else None for part in parts]
    latitude, longitude = (None if degree is None else float(degree) for degree in degrees)
    return latitude, longitude


def _language(patient: Patient) -> str | None:
    spoken = sorted(patient.communication, key=lambda c: not c.preferred)
    codes = (c.code for s in spoken if s.language for c in s.language.coding if c.code)
    code = next(codes, None)
    return code.split("-")[0].lower() if code else None


def _day(text: str | None) -> date | None:
    """Return a full date; a partial one does not identify anybody and counts as missing."""
    return date.fromisoformat(text) if text and len(text) == len("YYYY-MM-DD") else None


def _typed(identifiers: Iterable[Identifier], code: str) -> str | None:
    tokens = (f"{IDENTIFIER_TYPE}|{code}", code)
    return next((i.value for i in identifiers if i.value and i.type and i.type.has(*tokens)), None)


def _tokens(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    return tuple(i.token for i in identifiers if i.token)


def npi_of(identifiers: Iterable[Identifier]) -> str | None:
    """Return the National Provider Identifier among identifiers."""
    return next((i.value for i in identifiers if i.system == NPI and i.value), None)


def read_coverage(
    graph: Graph, coverages: Sequence[tuple[Node, Coverage]], at: datetime
) -> CoverageContent:
    """Read what pays: the first coverage in force, or the first."""
    if not coverages:
        return CoverageContent()
    ranked = sorted(coverages, key=lambda c: _rank(c[1], at))
    node, coverage = ranked[0]
    return CoverageContent(
        member_id=coverage.subscriber_id or _typed(coverage.identifier, "MB"),
        payor=_payor(graph, node, coverage.payor),
        plan=_class(coverage, "plan"),
        group=_class(coverage, "group"),
        status=coverage.status,
        start=_first(coverage.period),
        end=_last(coverage.period),
        subscriber=coverage.subscriber.display if coverage.subscriber else None,
        relationship=_first_code(coverage.relationship),
        self_pay=coverage.type is not None and coverage.type.has(*_SELF_PAY),
        fee_class=_fee_class(coverage),
    )


def _payor(graph: Graph, source: Node, payors: Sequence[Reference]) -> Payor | None:
    for reference in payors:
        organization = graph.find(reference, source, Organization)
        name = (organization.name if organization else None) or reference.display
        identifiers = _tokens(organization.identifier) if organization else ()
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


def _first_code(concept: CodeableConcept | None) -> str | None:
    return next((c.code for c in concept.coding if c.code), None) if concept else None


def read_requester(
    graph: Graph, reference: Reference | None, source: Node, at: datetime
) -> RequesterContent:
    """Read who refers: a practitioner, a role, an organization, or a name only."""
    if reference is None:
        return RequesterContent()
    node = graph.resolve(reference, source)
    role = node.model if node and isinstance(node.model, PractitionerRole) else None
    person, organization = person_and_organization(graph, node)
    telecom = [point for party in (role, person, organization) if party for point in party.telecom]
    words = reference.display if organization is None else None
    return RequesterContent(
        name=(_spoken(_name(person.name, at)) if person else None) or words,
        npi=npi_of(person.identifier) if person else logical_npi(reference),
        organization=organization.name if organization else None,
        organization_npi=npi_of(organization.identifier) if organization else None,
        phone=phone(telecom, at),
        fax=fax(telecom, at),
    )


def person_and_organization(
    graph: Graph, node: Node | None
) -> tuple[Practitioner | None, Organization | None]:
    """Return the clinician and the organization that a resource stands for."""
    model = node.model if node else None
    if node is not None and isinstance(model, PractitionerRole):
        return (
            graph.find(model.practitioner, node, Practitioner),
            graph.find(model.organization, node, Organization),
        )
    return (
        model if isinstance(model, Practitioner) else None,
        model if isinstance(model, Organization) else None,
    )


def _spoken(name: HumanName) -> str | None:
    parts = [*name.prefix, *name.given, name.family]
    return name.text or " ".join(part for part in parts if part) or None


def logical_npi(reference: Reference) -> str | None:
    """Return the NPI that a reference by identifier names."""
    return npi_of([reference.identifier]) if reference.identifier else None
