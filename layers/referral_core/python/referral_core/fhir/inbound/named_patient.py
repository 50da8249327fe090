"""Whom a partner's resource names as its patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from referral_core.domain.model import Model
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.fhir.patient_identities import identity_in, identity_named
from referral_core.fhir.r4.datatypes import Reference, Resource
from referral_core.fhir.r4.parties import Patient
from referral_core.fhir.r4.structure import examine


class NamedPatient(Model):
    """Whom a resource names.

    Attributes:
        literal: the reference, where it leads out of the body.
        others: whom else it names as a patient, by another record.
    """

    identity: PatientIdentity = PatientIdentity()
    literal: str | None = None
    others: tuple[NamedPatient, ...] = ()


def named_patient(model: Resource, references: Iterable[Reference | None]) -> NamedPatient:
    """Return whom the references to patients name, the first before others; nobody without one.

    Args:
        model: the resource, in whose contained ones a local reference is looked up.
        references: those that may name the patient, in the order of preference.
    """
    found = [named for r in references if r is not None and (named := _named(model, r)) is not None]
    if not found:
        return NamedPatient()
    first, *others = found
    return first.but(others=tuple(other for other in others if other != first))


def _named(model: Resource, reference: Reference) -> NamedPatient | None:
    literal = reference.reference or ""
    inside = _contained(model, literal)
    if inside is not None:
        return NamedPatient(identity=inside)
    if not _may_be_patient(reference):
        return None
    return NamedPatient(identity=identity_named(reference), literal=literal or None)


def patient_of(resource: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]) -> PatientIdentity:
    """Return whom the `patient` of a payer's resource names, among the Patients sent with it."""
    reference = resource.get("patient")
    literal = reference.get("reference") if isinstance(reference, Mapping) else None
    contained = resource.get("contained", [])
    inside = [p for p in contained if isinstance(p, dict)] if isinstance(contained, list) else []
    for patient in (*inside, *sent):
        own_id = str(patient.get("id"))
        is_meant = str(literal).rpartition("/")[2].removeprefix("#") == own_id
        identity = patient_identity(patient) if is_meant or len(sent) == 1 else None
        if identity is not None:
            return identity
    return PatientIdentity()


def _may_be_patient(reference: Reference) -> bool:
    literal = reference.reference or ""
    if reference.type is not None:
        return reference.type.rpartition("/")[2] == "Patient"
    return literal.startswith(("Patient/", "Patient?")) or "/Patient/" in literal or not literal


def _contained(model: Resource, literal: str) -> PatientIdentity | None:
    if not literal.startswith("#"):
        return None
    found = (inner for inner in model.contained if inner.get("id") == literal[1:])
    return patient_identity(next(found, None))


def patient_identity(resource: Any) -> PatientIdentity | None:
    """Return who a Patient is; None for another resource, and for one that cannot be read."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Patient":
        return None
    model = examine(resource, "Patient")
    return identity_in(model) if isinstance(model, Patient) else None
