"""National Provider Identifiers, wherever an EHR writes them.

By HL7's URI, by the OID, by the type alone; on the clinician, the role or the organization; in a
reference by identifier, or in a conditional one whose resource was not sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.npi_identifiers import NPI_NAMES, npi_of
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.kinds import HEALTHCARE_SERVICE
from referral_core.fhir.r4.parties import PractitionerRole

_DIGITS: Final = 10


def npis_of(graph: Graph, reference: Reference | None, source: Node) -> Iterator[str]:
    """Iterate over the NPIs that a reference leads to, a clinician's before an organization's.

    Args:
        graph: the body.
        reference: to a Practitioner, PractitionerRole, HealthcareService or Organization.
        source: the resource that refers.
    """
    if reference is None:
        return
    yield from _logical(reference)
    node = graph.resolve(reference, source)
    if node is None:
        return
    own = npi_of(getattr(node.model, "identifier", ()))
    if isinstance(node.model, PractitionerRole):
        yield from npis_of(graph, node.model.practitioner, node)
        yield from (own,) if own else ()
        yield from npis_of(graph, node.model.organization, node)
        return
    yield from (own,) if own else ()
    service = HEALTHCARE_SERVICE.of(node.model)
    if service is not None:
        yield from npis_of(graph, service.provided_by, node)


def _logical(reference: Reference) -> Iterator[str]:
    """Iterate over the NPIs that a reference says itself."""
    if reference.identifier is not None:
        named = npi_of([reference.identifier])
        yield from (named,) if named else ()
    _, _, query = (reference.reference or "").partition("?")
    for name, token in parse_qsl(query):
        system, _, value = token.partition("|")
        if name == "identifier" and system in NPI_NAMES and len(value) == _DIGITS:
            yield value
