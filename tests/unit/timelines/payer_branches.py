"""What the payer may say, late, never, or on the telephone."""

from __future__ import annotations

from datetime import timedelta

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.updates import AuthorizationDecided, Role
from referral_core.domain.work_items import Reason
from tests.partner_actions import notified
from tests.unit.timelines.openings import stands_for
from tests.unit.timelines.world import PathwayWorld, at_work_item


def payer_never_decides(pathway_id: str) -> PathwayWorld:
    """The payer pends and stays silent; the team is warned at 75 % and has it at 100 %."""
    world = _pended(pathway_id)
    world.until(at_work_item)
    return world


def payer_decides_late(pathway_id: str) -> PathwayWorld:
    """The payer pends, and approves after the team was warned."""
    world = _pended(pathway_id)
    world.wait()
    world.later(1)
    _decided(world, Role.PAYER, verdict="approved", review_action="A1")
    return world


def authorization_comes_by_telephone(pathway_id: str) -> PathwayWorld:
    """The payer pends; the team calls it, and enters the number with its dates."""
    world = _pended(pathway_id)
    world.later(24)
    _decided(world, Role.STAFF, verdict="approved", **_by_phone(world))
    return world


def payer_certifies_a_part(pathway_id: str) -> PathwayWorld:
    """The payer certifies a part of what was asked for: the team calls it and enters the number."""
    world = PathwayWorld(pathway_id, PayerScript(authorization="A2"))
    assert stands_for(world.referral, Reason.AUTHORIZATION_UNCLEAR)
    world.later(2)
    _decided(world, Role.STAFF, verdict="approved", **_by_phone(world))
    return world


def payer_denies_and_an_appeal_wins(pathway_id: str) -> PathwayWorld:
    """The payer denies; the team appeals; the payer approves."""
    world = _denied(pathway_id)
    world.decide("appeal")
    world.later(24)
    _decided(world, Role.PAYER, verdict="approved", review_action="A1")
    return world


def appeal_is_never_decided(pathway_id: str) -> PathwayWorld:
    """The payer denies; the team appeals; the payer stays silent."""
    world = _denied(pathway_id)
    world.decide("appeal")
    world.until(at_work_item)
    return world


def payer_denies_and_it_is_overridden(pathway_id: str) -> PathwayWorld:
    """The payer denies; the team decides that the visit takes place all the same."""
    world = _denied(pathway_id)
    world.decide("override")
    return world


def payer_denies_for_good(pathway_id: str) -> PathwayWorld:
    """The payer denies, and the team closes: the place is released, the referrer notified."""
    world = _denied(pathway_id)
    world.decide("close:authorization-denied-final")
    notified(world)
    return world


def _pended(pathway_id: str) -> PathwayWorld:
    return PathwayWorld(pathway_id, PayerScript(authorization="A4-then-A1"))


def _denied(pathway_id: str) -> PathwayWorld:
    world = PathwayWorld(pathway_id, PayerScript(authorization="A3"))
    assert stands_for(world.referral, Reason.AUTHORIZATION_DENIED)
    return world


def _decided(world: PathwayWorld, role: Role, **fields: str) -> None:
    known = world.referral.authorization
    assert known is not None
    world.report(AuthorizationDecided, role=role, trace=known.trace, **fields)


def _by_phone(world: PathwayWorld) -> dict[str, str]:
    today = world.clock.now().date()
    end = today + timedelta(days=60)
    return {
        "number": "PA-1",
        "valid_from": today.isoformat(),
        "valid_to": end.isoformat(),
    }
