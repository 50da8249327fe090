"""From FHIR resources to who takes part: which name, number, address and coverage count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from referral_core.domain.orders.clinical_content import (
    ContactPerson,
    PatientContent,
    RequesterContent,
    is_child,
)
from referral_core.domain.orders.relationships import may_be_called, speaks_for_child
from referral_core.domain.orders.required_facts import DECEASED
from referral_core.fhir.intake.impossible_times import birth_day, death_cannot_be, died
from referral_core.fhir.intake.name_parts import generation_of, parted
from referral_core.fhir.intake.npis import npis_of
from referral_core.fhir.intake.people import (
    contacts_of,
    language_of,
    needs_interpreter,
    spoken,
)
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.npi_identifiers import npi_of
from referral_core.fhir.patient_identities import former_families, is_of_payer
from referral_core.fhir.r4.datatypes import (
    Address,
    HumanName,
    Identifier,
    Reference,
)
from referral_core.fhir.r4.parties import (
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
)
from referral_core.fhir.systems import IDENTIFIER_TYPE
from referral_core.fhir.telecom import email, fax, is_in_force, phone, region_of

_GEOLOCATION: Final = "http://hl7.org/fhir/StructureDefinition/geolocation"


def read_patient(
    graph: Graph, patient: Patient | None, subject: Reference, at: datetime
) -> PatientContent:
    """Read who is referred; of a patient not sent, only the identifier that the order names.

    A child without a number of its own is reached through who speaks for it, else another contact.
    """
    if patient is None:
        known = subject.identifier.token if subject.identifier else None
        return PatientContent(identifiers=(known,) if known else ())
    name = name_in_force(patient.name, at)
    given = [part for part in name.given if part]
    address = _address(patient.address, at)
    latitude, longitude = _place(address)
    region, born = region_of(address.country), birth_day(patient.birth_date, at)
    contacts = contacts_of(graph, patient, region, at)
    own_phone, own_email = phone(patient.telecom, at, region), email(patient.telecom, at)
    child = is_child(born, at) and own_phone is None
    reached = _reached_through(contacts) if child else ()
    return PatientContent(
        family=name.family,
        given=given[0] if given else None,
        middle=" ".join(given[1:]) or None,
        suffix=generation_of(name),
        former_families=former_families(patient.name, name.family),
        birth_date=born,
        gender=patient.gender,
        phone=own_phone or _first(c.phone for c in reached),
        email=own_email or _first(c.email for c in reached),
        contacts=contacts,
        through_contact=bool(reached),
        not_understood=_not_understood(patient, at, own_phone),
        address_lines=tuple(line for line in address.line if line),
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        latitude=latitude,
        longitude=longitude,
        language=language_of(patient),
        interpreter=needs_interpreter(patient),
        deceased=died(patient, at),
        mrn=typed(patient.identifier, "MR"),
        identifiers=tokens_of(i for i in patient.identifier if not is_of_payer(i)),
    )


def _reached_through(contacts: Sequence[ContactPerson]) -> tuple[ContactPerson, ...]:
    """Sort whom a child is reached through: who speaks for it first, its school never."""
    known = [c for c in contacts if may_be_called(c.relationship)]
    return tuple(sorted(known, key=lambda c: not speaks_for_child(c.relationship)))


def name_in_force(names: Sequence[HumanName], at: datetime) -> HumanName:
    """Return the name that counts: in force, the official one before others."""
    order = {"official": 0, "usual": 1, None: 2}
    ranked = sorted(names, key=lambda n: (not is_in_force(n.period, at), order.get(n.use, 3)))
    return parted(ranked[0]) if ranked else HumanName()


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


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _not_understood(patient: Patient, at: datetime, number: str | None) -> tuple[str, ...]:
    """Name what was sent and cannot be used: it is not missing, it is to be corrected."""
    written = [p for p in patient.telecom if p.value and p.system in {"phone", "sms", None}]
    no_phone = number is None and any(p.use != "old" and is_in_force(p.period, at) for p in written)
    found = {
        "patient.phone": no_phone,
        "patient.birth_date": patient.birth_date is not None
        and birth_day(patient.birth_date, at) is None,
        DECEASED: death_cannot_be(patient, at),
    }
    return tuple(name for name, is_so in found.items() if is_so)


def typed(identifiers: Iterable[Identifier], code: str) -> str | None:
    """Return the value of the first identifier of a type (HL7 table 0203)."""
    tokens = (f"{IDENTIFIER_TYPE}|{code}", code)
    return next((i.value for i in identifiers if i.value and i.type and i.type.has(*tokens)), None)


def tokens_of(identifiers: Iterable[Identifier]) -> tuple[str, ...]:
    """List identifiers as `system|value`."""
    return tuple(i.token for i in identifiers if i.token)


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
        name=(spoken(name_in_force(person.name, at)) if person else None) or words,
        npi=_clinician(graph, reference, source, organization),
        organization=organization.name if organization else None,
        organization_npi=npi_of(organization.identifier) if organization else None,
        phone=phone(telecom, at),
        fax=fax(telecom, at),
    )


def _clinician(
    graph: Graph, reference: Reference, source: Node, organization: Organization | None
) -> str | None:
    """Return the NPI of who refers; that of the organization is another."""
    apart = npi_of(organization.identifier) if organization else None
    return next((npi for npi in npis_of(graph, reference, source) if npi != apart), None)


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
