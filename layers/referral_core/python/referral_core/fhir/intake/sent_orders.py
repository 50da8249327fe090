"""One referral within a body, and the body that is nothing but one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from referral_core.fhir.errors import FhirError, Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.datatypes import CodeableConcept, Reference
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.structure import require_type

if TYPE_CHECKING:
    from referral_core.fhir.r4.requesting import Claim

NO_REFERRAL: Final = Issue(
    "error",
    "business-rule",
    "no-referral",
    None,
    "Send at least one ServiceRequest, and point at it where the Bundle points at others.",
)


class SentOrder(NamedTuple):
    """One referral within a body.

    Attributes:
        node, order: the ServiceRequest.
        claim: the claim that points at it, with its place.
        if_none_exist: the entry's own condition in a transaction.
    """

    node: Node
    order: ServiceRequest
    claim: tuple[Node, Claim] | None = None
    if_none_exist: str | None = None

    @property
    def diagnoses(self) -> tuple[CodeableConcept, ...]:
        """The diagnoses of the claim."""
        found = self.claim[1].diagnosis if self.claim else ()
        return tuple(d.diagnosis_codeable_concept for d in found if d.diagnosis_codeable_concept)

    @property
    def provider(self) -> tuple[Reference, Node] | None:
        """Who submits the claim."""
        if self.claim is None or self.claim[1].provider is None:
            return None
        return self.claim[1].provider, self.claim[0]


def from_resource(resource: Json, graph: Graph) -> list[SentOrder]:
    """Take the one referral of a body that must be a ServiceRequest."""
    if resource["resourceType"] == "Bundle":
        raise FhirError(
            "wrong-resource-type",
            "Send a ServiceRequest here; POST a Bundle to /fhir.",
            expression="resourceType",
            code="structure",
            status=400,
        )
    require_type(resource, "ServiceRequest")
    node = graph.add(resource, "ServiceRequest")
    if node is None or not isinstance(node.model, ServiceRequest):
        raise FhirError.of(graph.issues)
    return [SentOrder(node, node.model)]
