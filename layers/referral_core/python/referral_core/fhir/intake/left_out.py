"""What a body holds and no order of it takes along: its sender is told, and a person sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.compartment import SHARED, TRANSPORT, Compartment
from referral_core.fhir.intake.references import Graph, Node

_SAYS_NOTHING: Final = SHARED - {"Patient"} | {TRANSPORT}
_MOST: Final = 5
"""Resources left out that their sender is told of one by one; a person is shown all."""


def left_out(graph: Graph, parts: Sequence[Compartment]) -> tuple[Node, ...]:
    """Return what a body holds and no order of it takes along, as far as it may say something.

    Args:
        graph: the body.
        parts: what belongs to each of its orders.
    """
    taken = {node.container or node for part in parts for node in part.nodes}
    return tuple(
        node
        for node in graph.entries
        if node not in taken and node.model.resource_type not in _SAYS_NOTHING
    )


def warned_of(left: Sequence[Node]) -> tuple[Issue, ...]:
    """Say of what was left out that it was."""
    return tuple(
        Issue(
            "warning",
            "business-rule",
            "left-out",
            node.path,
            "It is not about the patient of an order, or does not say so, and was not passed on: "
            "a person looks at it",
        )
        for node in left[:_MOST]
    )
