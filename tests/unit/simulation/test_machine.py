"""The interpreter of the ASL: where a step leads must be an edge of the graph."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from local.simulation.machine import NoEdge
from referral_core.domain.lifecycle import Step
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.steps.check_eligibility import CheckEligibility
from referral_core.lifecycle.steps.offer_referral import OfferReferral
from tests.in_memory import World
from tests.partner_actions import accepted


def a_world() -> World:
    world = World()
    world.accept("happy-path")
    world.settle()
    return world


def test_a_step_that_names_no_edge_of_its_choice_is_an_error() -> None:
    # Given an offer, whose step would lead straight to the end
    world, on_update = a_world(), OfferReferral.on_update

    def astray(step: OfferReferral, case: Case, update: object) -> Draft:
        return on_update(step, case, update).to(Step.CLOSE_REFERRAL)  # type: ignore[arg-type]

    # When it is accepted, Then the machine takes no default
    with patch.object(OfferReferral, "on_update", astray), pytest.raises(NoEdge):
        accepted(world)


def test_a_step_without_a_choice_leads_to_one_state_only() -> None:
    start = CheckEligibility.start

    def astray(step: CheckEligibility, case: Case) -> Draft:
        return start(step, case).to(Step.OFFER_REFERRAL)

    with patch.object(CheckEligibility, "start", astray), pytest.raises(NoEdge):
        a_world()
