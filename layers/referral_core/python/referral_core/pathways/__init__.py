"""The pathway files, and how they are read: once, validated, by id and version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from referral_core.domain.orders.selection import Order, select
from referral_core.domain.pathway import Pathway


@cache
def pathways() -> Mapping[tuple[str, int], Pathway]:
    """Return every pathway version of this release, by (id, version)."""
    found = (
        Pathway.model_validate_json(entry.read_text(encoding="utf-8"))
        for entry in files(__package__).iterdir()
        if entry.name.endswith(".json") and not entry.name.endswith(".schema.json")
    )
    return {(p.id, p.version): p for p in found}


def pathway(pathway_id: str, version: int) -> Pathway:
    """Return the version that a referral is pinned to.

    Raises:
        KeyError: the release no longer carries that version.
    """
    return pathways()[pathway_id, version]


def pathway_for(order: Order) -> Pathway:
    """Return the newest version of the pathway that an order selects."""
    newest: dict[str, Pathway] = {}
    for (pathway_id, version), found in pathways().items():
        if pathway_id not in newest or newest[pathway_id].version < version:
            newest[pathway_id] = found
    return select(tuple(newest.values()), order)
