"""Which orders of a body are its referrals?

Where something in the body points at orders (a message's focus, a Task, a PAS Claim, an
ExplanationOfBenefit), those are the referrals and other orders are context. Where nothing does,
every order is a referral that no other order is based on or replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.kinds import CLAIM, TASK
from referral_core.fhir.r4.orders import ServiceRequest

if TYPE_CHECKING:
    # Only a Bundle has one; a single order's start does without the models of messages.
    from referral_core.fhir.r4.messaging import MessageHeader
    from referral_core.fhir.r4.requesting import Claim

_REQUESTED_SERVICE: Final = (
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-requestedService"
)

Pointer = tuple[Reference | None, Node]
"""A reference, and the resource that it stands in."""


def referrals_of(
    graph: Graph, header: tuple[Node, MessageHeader] | None
) -> list[tuple[Node, ServiceRequest]]:
    """Return the referrals of a body; a message whose focus is something else has none."""
    if header is not None and header[1].focus:
        return _orders(graph, list(_focused(graph, *header)))
    tasks: list[Pointer] = [(task.focus, node) for node, task in graph.of_type(TASK)]
    claims: list[Pointer] = [(reference, node) for node, _, reference in _requested(graph)]
    return _orders(graph, tasks + claims) or _others(graph)


def claims_by_order(graph: Graph) -> Mapping[Node, tuple[Node, Claim]]:
    """Return the claim that points at an order, with its place."""
    claims = {}
    for node, claim, reference in _requested(graph):
        order = graph.resolve(reference, node)
        if order is not None:
            claims[order] = (node, claim)
    return claims


def requests_of(graph: Graph, order: Node) -> tuple[Node, ...]:
    """Return what asks for an order: the Tasks whose focus it is, the claims that point at it."""
    tasks = [(task.focus, node) for node, task in graph.of_type(TASK)]
    claims = [(reference, node) for node, _, reference in _requested(graph)]
    found = [node for focus, node in (*tasks, *claims) if graph.resolve(focus, node) is order]
    return tuple(dict.fromkeys(found))


def _focused(graph: Graph, node: Node, header: MessageHeader) -> Iterator[Pointer]:
    """Iterate over what a message is about; of a Task (BSeR), over what that is about."""
    for focus in header.focus:
        target = graph.resolve(focus, node)
        task = TASK.of(target.model) if target else None
        yield (task.focus, target) if target and task else (focus, node)


def _orders(graph: Graph, pointers: Sequence[Pointer]) -> list[tuple[Node, ServiceRequest]]:
    found: dict[Node, ServiceRequest] = {}
    for reference, source in pointers:
        node = graph.resolve(reference, source)
        if node is not None and isinstance(node.model, ServiceRequest):
            found[node] = node.model
    return list(found.items())


def _others(graph: Graph) -> list[tuple[Node, ServiceRequest]]:
    orders = [(n, order) for n, order in graph.of_type(ServiceRequest) if n.container is None]
    context = {
        graph.resolve(reference, node)
        for node, order in orders
        for reference in (*order.based_on, *order.replaces)
    }
    return [(node, order) for node, order in orders if node not in context]


def _requested(graph: Graph) -> Iterator[tuple[Node, Claim, Reference]]:
    """Iterate over the orders that claims point at: PAS in each item, R4 in `referral`."""
    for node, claim in graph.of_type(CLAIM):
        if claim.referral is not None:
            yield node, claim, claim.referral
        for item in claim.item:
            extension = item.extended(_REQUESTED_SERVICE)
            if extension is not None and extension.value_reference is not None:
                yield node, claim, extension.value_reference
