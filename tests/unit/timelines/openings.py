"""How far a referral came before a branch begins: accepted, asked, booked, seen."""

from __future__ import annotations

from referral_core.domain.lifecycle import Step
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from tests.unit.timelines.world import PathwayWorld


def accepted(pathway_id: str) -> PathwayWorld:
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()
    return world


def asked(pathway_id: str) -> PathwayWorld:
    world = accepted(pathway_id)
    world.patient_is_asked()
    world.later(0.5)
    return world


def booked(pathway_id: str) -> PathwayWorld:
    world = accepted(pathway_id)
    world.patient_agrees()
    world.clinic_books()
    return world


def seen(pathway_id: str) -> PathwayWorld:
    world = booked(pathway_id)
    world.patient_is_seen()
    return world


def stands_for(referral: Referral, reason: Reason) -> bool:
    """Whether a person must decide, and for this reason."""
    item = referral.work_item
    return (
        item is not None and item.reason is reason and referral.current_step is Step.OPEN_WORK_ITEM
    )
