"""An offer that ended reserves nothing: its place is given back once and never again."""

from __future__ import annotations

from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.updates import Cancel, OfferDeclined, Role
from tests.in_memory import TENANT, World
from tests.partner_actions import accepted, notified, patient_told
from tests.unit.lifecycle.work_item_worlds import a_world


def with_another_place_reserved(world: World) -> tuple[Tenant, str, str]:
    """Let another referral have a place of the same clinic in the same week."""
    offer = world.referral.offer
    assert offer is not None
    assert offer.reservation is not None
    week = (TENANT, offer.reservation.npi, offer.reservation.week)
    world.referrals.reserved[week] += 1
    assert world.referrals.reserved[week] == 2
    return week


def test_the_place_of_a_clinic_that_declined_is_given_back_once() -> None:
    # Given a clinic that declined: its place is free, another referral's is not
    world = a_world()
    week = with_another_place_reserved(world)
    world.report(OfferDeclined, offer=1)
    assert world.referrals.reserved[week] == 1
    assert world.referral.offers[0].reservation is None
    # When the referral is cancelled at the next clinic, Then only that one's place is given back
    world.report(Cancel, role=Role.EHR)
    assert world.referrals.reserved[week] == 1
    assert sum(world.referrals.reserved.values()) == 1


def test_a_cancelled_referral_gives_back_its_own_place_only() -> None:
    world = a_world()
    accepted(world)
    week = with_another_place_reserved(world)
    world.report(Cancel, role=Role.EHR)
    assert world.referrals.reserved[week] == 1
    notified(world)
    patient_told(world)
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
    assert world.referrals.reserved[week] == 1
