"""Who wrote what a partner sends, by NPI: a clinician before their organization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from referral_core.domain.codes import npi_in
from referral_core.fhir.npi_identifiers import npi_of
from referral_core.fhir.r4.datatypes import Identifier, Reference, Resource
from referral_core.fhir.r4.parties import Organization, Practitioner, PractitionerRole
from referral_core.fhir.r4.structure import examine


def npi_named(model: Resource, references: Iterable[Reference]) -> str | None:
    """Return the NPI of the first author that has one; None where nobody has.

    Args:
        model: the resource, in whose contained ones a local reference is looked up.
        references: to its authors.
    """
    return next((npi for one in references for npi in _npis(model, one)), None)


def _npis(model: Resource, reference: Reference) -> Iterator[str]:
    yield from _own(model, reference)
    role = _contained(model, reference)
    if isinstance(role, PractitionerRole):
        for part in filter(None, (role.practitioner, role.organization)):
            yield from _own(model, part)


def _own(model: Resource, reference: Reference) -> Iterator[str]:
    """Yield what a reference says itself, and what the contained resource says of itself."""
    yield from _npi([reference.identifier] if reference.identifier else [])
    inside = _contained(model, reference)
    if isinstance(inside, Practitioner | PractitionerRole | Organization):
        yield from _npi(inside.identifier)


def _npi(identifiers: Iterable[Identifier]) -> Iterator[str]:
    npi = npi_in(npi_of(identifiers))
    if npi is not None:
        yield npi


def _contained(model: Resource, reference: Reference) -> Resource | None:
    literal = reference.reference or ""
    found = (inner for inner in model.contained if f"#{inner.get('id')}" == literal)
    resource = next(found, None)
    known = examine(resource, "contained") if resource is not None else None
    return known if isinstance(known, Resource) else None
