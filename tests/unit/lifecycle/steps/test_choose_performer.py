"""A person chooses who is asked: of the same list, with a code; told why when it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import AgeLimits
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.updates import DecisionMade
from referral_core.domain.work_items import CHOOSE_PERFORMER, Reason
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import reason_of
from tests.unit.domain.routing.practitioners import a_practitioner, km_north
from tests.unit.lifecycle.steps.routed import Routed
from tests.unit.lifecycle.steps.test_route_referral import full

WISHED = "patient-preference"


def stuck(*practitioners: Practitioner, **fields: Any) -> Routed:
    """Return a referral that nobody of the network takes: it waits for a coordinator."""
    world = Routed(*practitioners, **fields)
    while reason_of(world) is None:
        world.wait()
    assert reason_of(world) is Reason.NO_CANDIDATE
    return world


def choose(world: Routed, npi: str | None, override: str | None = WISHED) -> None:
    world.report(DecisionMade, action=CHOOSE_PERFORMER, performer=npi, override=override)


@pytest.mark.parametrize(
    "beyond",
    [{"networks": ("pioneer",)}, km_north(300), {"networks": (), **km_north(90)}],
    ids=["network", "distance", "both"],
)
def test_preference_may_leave_the_network_and_go_as_far_as_it_wants(beyond: dict[str, Any]) -> None:
    world = stuck(a_practitioner("1", **beyond))
    choose(world, "1", "clinical-judgement")
    assert world.asked == ["1"]
    assert (world.decision.chosen, world.decision.override) == ("1", "clinical-judgement")
    (routed,) = [e for e in world.referrals.events(TENANT, REFERRAL) if e.kind is EventKind.ROUTED]
    assert isinstance(routed.facts, OfferFacts)
    assert routed.facts.override == "clinical-judgement"
    assert world.referral.performer_choice is None


@pytest.mark.parametrize(
    ("cannot", "reason"),
    [
        ({"accepting": False}, "not accepting new patients"),
        ({"ages": AgeLimits(oldest=1)}, "does not see patients of this age"),
    ],
)
def test_who_cannot_see_the_patient_is_not_asked_and_the_person_is_told_why(
    cannot: dict[str, Any], reason: str
) -> None:
    world = stuck(a_practitioner("1", **cannot))
    choose(world, "1")
    assert world.asked == []
    assert reason_of(world) is Reason.NO_CANDIDATE
    assert world.decision.not_named == reason
    assert world.referral.performer_choice is None


def test_who_is_not_in_the_directory_is_not_asked() -> None:
    world = stuck(a_practitioner("1", networks=()))
    choose(world, "9")
    assert (world.asked, reason_of(world)) == ([], Reason.NO_CANDIDATE)
    assert world.decision.not_named == "not in the directory for this service"


def test_a_full_performer_takes_nobody_whoever_wants_it() -> None:
    world = stuck(a_practitioner("1"), reserved={"1": full(30)})
    choose(world, "1")
    assert (world.asked, world.decision.not_named) == ([], "no capacity")


def test_a_clinic_that_declined_may_be_asked_again_by_a_person() -> None:
    world = Routed(a_practitioner("1"))
    world.decline()
    while reason_of(world) is None:
        world.wait()
    choose(world, "1", "insurer-determination")
    assert world.asked == ["1", "1"]


@pytest.mark.parametrize(("npi", "override"), [(None, WISHED), ("1", None), (None, None)])
def test_a_choice_says_whom_and_why(npi: str | None, override: str | None) -> None:
    world = stuck(a_practitioner("1", networks=()))
    with pytest.raises(NotLegal):
        choose(world, npi, override)
    assert world.asked == []
