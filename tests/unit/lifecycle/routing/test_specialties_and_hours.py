"""Whoever is another specialty first comes second; a week in which nobody opens is no place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.directory import Practitioner, one_each
from referral_core.domain.directory_facts import Closure
from referral_core.domain.referral import Offer
from referral_core.domain.routing.explanation import reason_of
from referral_core.domain.routing.matching import SECOND_CHOICE
from referral_core.domain.updates import OfferDeclined
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.steps.routed import Routed
from tests.unit.lifecycle.waiting_room import WaitingRoom

INTERNIST = "207R00000X"
THIS_WEEK, NEXT_WEEK = "2026-W10", "2026-W11"
FRIDAY = START + timedelta(days=4)


def beside(npi: str, **fields: Any) -> Practitioner:
    """Return a practitioner who is an internist first."""
    return a_practitioner(npi, main_specialty=INTERNIST, **fields)


# --- the second specialty -------------------------------------------------------------------------


def test_who_is_the_specialty_wanted_first_is_asked_before_who_is_another() -> None:
    world = Routed(beside("1"), a_practitioner("2"))
    assert (world.decision.chosen, world.ranked) == ("2", ["2", "1"])
    second = world.decision.candidates[1]
    assert second["second_choice"] == SECOND_CHOICE
    assert "of another specialty first (20 points)" in reason_of(second)


def test_who_is_another_specialty_first_is_asked_where_nobody_else_can_be() -> None:
    assert Routed(beside("1"), a_practitioner("2", accepting=False)).decision.chosen == "1"
    assert Routed(beside("1"), a_practitioner("2", weekly_capacity=0)).decision.chosen == "1"
    # It is second choice, and no reason to leave the network.
    assert Routed(beside("1"), a_practitioner("2", networks=("other",))).decision.chosen == "1"


def test_of_two_entries_that_may_serve_the_one_counts_that_its_clinician_is_first() -> None:
    other = a_practitioner("1", specialty="a")
    second = beside("1", specialty="b")
    for order in ([other, second], [second, other]):
        assert one_each(order) == {"1": other}
    assert one_each([second]) == {"1": second}


def test_what_a_clinic_says_of_itself_is_so_of_all_that_its_clinician_does_there() -> None:
    def disputed_by(reason: str) -> dict[str, bool]:
        here = a_practitioner("1", organization="clinic")
        world = Routed(here, a_practitioner("2", tier=2))
        also = here.but(specialty=INTERNIST)
        elsewhere = here.but(specialty="208D00000X", organization="other clinic")
        world.directory._records = (*world.directory._records, also, elsewhere)
        world.report(OfferDeclined, offer=1, reason=reason)
        entries = world.directory.entries_of(TENANT, "1")
        return {entry.specialty: bool(entry.disputes) for entry in entries}

    wanted = "207N00000X"
    assert disputed_by("moved") == {wanted: True, INTERNIST: True, "208D00000X": False}
    assert disputed_by("wrong-specialty") == {wanted: True, INTERNIST: False, "208D00000X": False}


# --- hours ----------------------------------------------------------------------------------------


def offered_on(at: Any, *, hours: list[dict[str, Any]], **fields: Any) -> Offer | None:
    """Return the offer that a referral gets of the one clinic there is, at an instant."""
    entry = a_practitioner("1", location={"hours": hours}, **fields)
    room = WaitingRoom(entry)
    room.clock.move(at - START)
    offers = room.arrive("a", at).offers
    return offers[-1] if offers else None


def week_of(offer: Offer | None) -> str | None:
    return offer.reservation.week if offer is not None and offer.reservation else None


@pytest.mark.parametrize(
    ("hours", "week"),
    [
        ([], THIS_WEEK),
        ([{"days": ["mon", "tue"]}], NEXT_WEEK),
        ([{"days": ["mon"]}, {"days": ["sat"]}], THIS_WEEK),
        # It is ten o'clock in Boston.
        ([{"days": ["fri"], "opens": "08:00", "closes": "10:00"}], NEXT_WEEK),
        ([{"days": ["fri"], "opens": "08:00", "closes": "10:01"}], THIS_WEEK),
    ],
)
def test_a_week_in_which_the_clinic_opens_no_more_is_not_offered(
    hours: list[dict[str, Any]], week: str
) -> None:
    assert week_of(offered_on(FRIDAY, hours=hours)) == week


def test_hours_are_of_the_clinics_own_clock() -> None:
    until_eight = [{"days": ["fri"], "closes": "08:00"}]
    assert week_of(offered_on(FRIDAY, hours=until_eight)) == NEXT_WEEK
    west = offered_on(FRIDAY, hours=until_eight, time_zone="America/Los_Angeles")
    assert week_of(west) == THIS_WEEK


def test_a_clinic_that_is_closed_on_each_day_on_which_it_opens_is_not_offered() -> None:
    closure = Closure(
        first_day=START.date(), last_day=(START + timedelta(days=3)).date(), stated_at=START
    )
    early = [{"days": ["mon", "thu"]}]
    assert week_of(offered_on(START, hours=early)) == THIS_WEEK
    assert week_of(offered_on(START, hours=early, closures=(closure,))) == NEXT_WEEK


def test_who_opens_no_more_is_said_to_be_so_and_not_to_be_full() -> None:
    shut = a_practitioner("1", closures=(Closure(first_day=START.date(), stated_at=START),))
    world = Routed(shut, a_practitioner("2", weekly_capacity=0))
    assert world.decision.exclusions == {
        "1": "not open in the time that is left",
        "2": "no capacity",
    }
