"""Who saw the patient before, as the order's Bundle says: continuity is weighed by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from referral_core.fhir.intake.npis import npis_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.orders import CareTeam, Encounter

_MOST: Final = 50
_NOT_YET_OR_NEVER: Final = frozenset({"planned", "proposed", "cancelled", "entered-in-error"})
"""Statuses of an encounter or a care team in which nobody has seen the patient."""


def clinicians_seen(graph: Graph, along: Iterable[Node]) -> tuple[str, ...]:
    """Return the NPIs of who took part in the patient's encounters, or is of the care team.

    Args:
        graph: the body.
        along: what goes along with the order: it is all about its patient.
    """
    found = (
        npi for node in along for who in _taking_part(node) for npi in npis_of(graph, who, node)
    )
    return tuple(dict.fromkeys(found))[:_MOST]


def _taking_part(node: Node) -> Iterator[Reference]:
    model = node.model
    if not isinstance(model, CareTeam | Encounter) or model.status in _NOT_YET_OR_NEVER:
        return
    named = (
        [member.member for member in model.participant]
        if isinstance(model, CareTeam)
        else [participant.individual for participant in model.participant]
    )
    yield from (reference for reference in named if reference is not None)
