"""What a version of an order takes over from the one before, and what it may not leave behind."""

from __future__ import annotations

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.fhir.errors import FhirError, Issue
from referral_core.fhir.intake.compartment import Compartment
from referral_core.fhir.intake.left_out import left_out
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.intake.selection import claims_by_order
from referral_core.fhir.intake.sent_orders import SentOrder
from referral_core.fhir.parse import Json


def remember(graph: Graph, item: SentOrder, before: ClinicalPayload) -> SentOrder:
    """Add to a body what the version before held and is not sent again.

    The claim that carried the order still says why, and who asks.

    What the Bundles of earlier versions were labelled stays so: what they brought is still there.
    """
    labels = before.content.service.labels
    graph.metas.append({"security": [one.model_dump(exclude_none=True) for one in labels]})
    graph.remember(_not_sent_again(graph, item, before), before.order_links, item.node)
    return item._replace(claim=item.claim or claims_by_order(graph).get(item.node))


def _not_sent_again(graph: Graph, item: SentOrder, before: ClinicalPayload) -> dict[str, Json]:
    """Return what the version before held, but for what a Bundle sends anew, or as it was."""
    if len(graph.entries) <= 1:
        return before.resources
    sent = [node.resource for node in graph.nodes]
    return {
        name: resource
        for name, resource in before.resources.items()
        if graph.follow(name, item.node) is None and resource not in sent
    }


def check_taken(graph: Graph, whole: Compartment) -> None:
    """Refuse a Bundle that holds what does not go along with the order that it changes.

    Raises:
        FhirError: it is not about the order's patient, or does not say so.
    """
    left = left_out(graph, [whole])
    if left:
        raise FhirError.of(
            Issue(
                "error",
                "business-rule",
                "not-of-this-order",
                node.path,
                "It is not about the patient of the order, or does not say so: send it by itself.",
            )
            for node in left
        )
