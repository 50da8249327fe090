"""Whom a Patient resource, or a reference to one, names: what is compared with a referral's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.fhir.r4.datatypes import HumanName, Identifier, Reference
from referral_core.fhir.r4.parties import Patient
from referral_core.fhir.systems import IDENTIFIER_TYPE

_RANK = {"official": 0, "usual": 1, None: 2}


def identity_in(patient: Patient) -> PatientIdentity:
    """Return who a Patient is; a partial birth date identifies nobody."""
    ranked = sorted(patient.name, key=lambda n: _RANK.get(n.use, 3))
    name, born = (ranked[0] if ranked else HumanName()), patient.birth_date or ""
    return PatientIdentity(
        identifiers=tuple(i.token for i in patient.identifier if i.token and not is_of_payer(i)),
        family=name.family,
        former=former_families(patient.name, name.family),
        given=next((part for part in name.given if part), None),
        birth_date=date.fromisoformat(born) if len(born) == len("YYYY-MM-DD") else None,
        words=name.text,
    )


def former_families(names: Sequence[HumanName], family: str | None) -> tuple[str, ...]:
    """List the family names that a person has or had besides the one that counts."""
    others = (name.family for name in names if name.family and name.family != family)
    return tuple(dict.fromkeys(others))


def identity_named(reference: Reference) -> PatientIdentity:
    """Return whom a reference names by itself: by identifier, and in words."""
    token = reference.identifier.token if reference.identifier else None
    return PatientIdentity(identifiers=(token,) if token else (), words=reference.display)


def is_of_payer(identifier: Identifier) -> bool:
    """Whether it is a payer's number, which changes with the coverage and is a family's."""
    return identifier.type is not None and identifier.type.has(f"{IDENTIFIER_TYPE}|MB", "MB")
