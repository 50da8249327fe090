"""The people around a patient: whom to contact about them, and how to speak with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from referral_core.domain.orders.clinical_content import ContactPerson
from referral_core.domain.orders.relationships import relationship_of
from referral_core.domain.outreach.languages import (
    SIGN,
    is_stated,
    language_named_in,
    language_of_code,
)
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.r4.datatypes import CodeableConcept, Coding, HumanName
from referral_core.fhir.r4.kinds import RELATED_PERSON
from referral_core.fhir.r4.parties import Patient
from referral_core.fhir.telecom import email, is_in_force, phone

_MOST_CONTACTS: Final = 10
_CONTACT_ROLES: Final = "http://terminology.hl7.org/CodeSystem/v2-0131"
_INTERPRETER: Final = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
_US_CORE_INTERPRETER: Final = (
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed"
)
_YES: Final = "373066001"
"""SNOMED CT "Yes", as US Core's interpreter extension says it."""


def contacts_of(
    graph: Graph, patient: Patient, region: str, at: datetime
) -> tuple[ContactPerson, ...]:
    """List whom to contact about a patient: those named in it, then related persons of the body."""
    found = [*_named_in(patient, region, at), *_related(graph, patient, region, at)]
    return tuple(dict.fromkeys(c for c in found if c.phone or c.email))[:_MOST_CONTACTS]


def _named_in(patient: Patient, region: str, at: datetime) -> Iterator[ContactPerson]:
    for contact in patient.contact:
        if is_in_force(contact.period, at):
            yield ContactPerson(
                name=spoken(contact.name) if contact.name else None,
                relationship=_relationship(contact.relationship),
                phone=phone(contact.telecom, at, region),
                email=email(contact.telecom, at),
            )


def _related(graph: Graph, patient: Patient, region: str, at: datetime) -> Iterator[ContactPerson]:
    for node, person in graph.of_type(RELATED_PERSON):
        is_theirs = graph.find(person.patient, node, Patient) is patient
        if is_theirs and person.active is not False and is_in_force(person.period, at):
            yield ContactPerson(
                name=spoken(person.name[0]) if person.name else None,
                relationship=_relationship(person.relationship),
                phone=phone(person.telecom, at, region),
                email=email(person.telecom, at),
            )


def language_of(patient: Patient) -> str | None:
    """Return the language to speak with a patient: the preferred one, by code or by its name."""
    for communication in sorted(patient.communication, key=lambda c: not c.preferred):
        if communication.language and (found := _language_in(communication.language)):
            return found
    return None


def _language_in(concept: CodeableConcept) -> str | None:
    codes = (language_of_code(c.code) for c in concept.coding if c.code)
    words = (language_named_in(t) for t in (concept.text, *_displays(concept)) if t)
    return next((language for language in (*codes, *words) if language), None)


def _displays(concept: CodeableConcept) -> Iterator[str | None]:
    for coding in concept.coding:
        yield coding.display
        yield coding.code


def needs_interpreter(patient: Patient) -> bool:
    """Whether an interpreter is needed: the EHR says so, in FHIR's way or US Core's, or implies it.

    A language that is signed, or stated and not understood, is one in which nobody writes or calls:
    whoever arranges the interpreter finds out which.
    """
    plain = patient.extended(_INTERPRETER)
    coded = patient.extended(_US_CORE_INTERPRETER)
    needed = coded.value_coding if coded else None
    said = bool(plain and plain.value_boolean) or bool(needed and needed.code == _YES)
    spoken_in = language_of(patient)
    return said or spoken_in == SIGN or (spoken_in is None and _states_a_language(patient))


def _states_a_language(patient: Patient) -> bool:
    concepts = (c.language for c in patient.communication if c.language)
    words = (t for concept in concepts for t in (concept.text, *_displays(concept)) if t)
    return any(is_stated(text) for text in words)


def spoken(name: HumanName) -> str | None:
    """Return a name as it is said."""
    parts = [*name.prefix, *name.given, name.family]
    return name.text or " ".join(part for part in parts if part) or None


def _relationship(concepts: tuple[CodeableConcept, ...]) -> str | None:
    codes = [c.code for concept in concepts for c in concept.coding if c.code and _is_known(c)]
    words = [text for concept in concepts for text in (concept.text, *_displays(concept)) if text]
    return relationship_of(codes, words)


def _is_known(coding: Coding) -> bool:
    """Whether a code means what HL7's tables say: a letter of an EHR's own may be any other word.

    Its S may be a spouse or a sister, and not table 0131's state agency; its words say which.
    """
    system = coding.system or _CONTACT_ROLES
    return len(coding.code or "") > 1 or "0131" in system or system.endswith(".12.131")
