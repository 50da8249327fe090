"""What a routing keeps for the figures of leakage and access, where it arises."""

from __future__ import annotations

import pytest

from referral_core.domain.directory import Practitioner
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.routing.capacity import days_to_third_place, first_day, weeks_from
from referral_core.domain.routing.named import NamedPerformer
from referral_core.domain.routing.score import Candidate
from referral_core.lifecycle.routing.leaving_network import NAMED_IN_ORDER, override_of
from tests.in_memory import REFERRAL, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.steps.routed import Routed

MONDAY = first_day("2026-W10")
WEEKS = weeks_from(MONDAY, 8)


def facts(world: Routed) -> OfferFacts:
    routed = [e for e in world.referrals.events(TENANT, REFERRAL) if e.kind is EventKind.ROUTED]
    found = routed[-1].facts
    assert isinstance(found, OfferFacts)
    return found


def full(weeks: int) -> dict[str, int]:
    return dict.fromkeys(WEEKS[:weeks], 5)


INSIDE = a_practitioner("1")
OUTSIDE = a_practitioner("2", networks=("pioneer",), tier=3)


@pytest.mark.parametrize(
    ("practitioners", "weeks_full", "available"),
    [
        ((INSIDE, OUTSIDE), 0, True),
        ((OUTSIDE,), 0, False),
        # The external pathway has thirty days: a place of the sixth week is too late.
        ((INSIDE, OUTSIDE), 6, False),
        ((INSIDE, OUTSIDE), 3, True),
    ],
)
def test_whether_the_network_had_room_in_time_is_kept(
    practitioners: tuple[Practitioner, ...], weeks_full: int, *, available: bool
) -> None:
    world = Routed(*practitioners, pathway_id="external-provider", reserved={"1": full(weeks_full)})
    assert facts(world).network_available is available
    assert facts(world).override is None


@pytest.mark.parametrize(
    ("capacity", "reserved", "days"),
    [
        (5, {}, 0),
        (2, {}, 7),
        (1, {}, 14),
        (1, {WEEKS[0]: 1}, 21),
        (5, {WEEKS[0]: 3}, 7),
        (0, {}, None),
    ],
)
def test_the_third_next_available_place_is_counted_in_days(
    capacity: int, reserved: dict[str, int], days: int | None
) -> None:
    practitioner = a_practitioner(weekly_capacity=capacity)
    assert days_to_third_place(practitioner, reserved, WEEKS, MONDAY) == days


@pytest.mark.parametrize(
    ("inside", "named", "override"),
    [(False, True, NAMED_IN_ORDER), (True, True, None), (False, False, None)],
)
def test_a_performer_named_outside_the_network_is_left_for_on_purpose(
    *, inside: bool, named: bool, override: str | None
) -> None:
    chosen = Candidate(
        npi="2",
        organization="clinic",
        week="2026-W10",
        weekly_capacity=5,
        tier=3,
        in_network=inside,
        score=0.5,
        parts={},
    )
    wish = NamedPerformer(candidate=chosen) if named else NamedPerformer()
    assert override_of(chosen, wish) == override
