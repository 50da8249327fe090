"""A visit is weeks ahead: who can see the patient is asked of its week, not of today alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from referral_core.domain.directory_facts import AgeLimits, NetworkMembership
from referral_core.domain.routing.filters import age_on
from referral_core.domain.routing.score import Ranking
from referral_core.domain.routing.shortlist import Question, shortlist
from referral_core.domain.states import state_code
from tests.unit.domain.routing.markets import NOW, a_market
from tests.unit.domain.routing.practitioners import (
    WEEKS,
    a_need,
    a_practitioner,
    a_rule,
    npis,
    ranking,
)

MONDAY = date(2026, 3, 2)
FIRST, SECOND, THIRD, FOURTH = WEEKS


def member(**fields: Any) -> dict[str, Any]:
    return {"memberships": (NetworkMembership(payer="harbor", **fields),), "networks": ()}


def week_of(ranked: Ranking) -> str | None:
    return ranked.candidates[0].week if ranked.candidates else None


def full_until(week: str) -> dict[str, dict[str, int]]:
    return {"1": {w: 5 for w in WEEKS if w < week}}


@pytest.mark.parametrize(
    ("ends", "free_from", "week"),
    [
        (date(2026, 3, 15), FIRST, FIRST),
        (date(2026, 3, 15), SECOND, SECOND),
        # It ends on the Saturday: on which day of the week the visit will be nobody knows.
        (date(2026, 3, 14), SECOND, None),
        (date(2026, 3, 3), FIRST, None),
        (date(2026, 3, 8), FIRST, FIRST),
        (date(2026, 3, 8), SECOND, None),
        (None, FOURTH, FOURTH),
    ],
)
def test_no_place_lies_after_the_network_ends(
    ends: date | None, free_from: str, week: str | None
) -> None:
    entry = a_practitioner("1", **member(valid_to=ends))
    ranked = ranking(entry, need=a_need(day=MONDAY), reserved=full_until(free_from))
    assert week_of(ranked) == week
    assert ranked.exclusions == ({} if week else {"1": "out of network"})


def test_who_joins_the_network_is_asked_for_the_weeks_from_then_on() -> None:
    joins = a_practitioner("1", **member(valid_from=date(2026, 3, 16)))
    need = a_need(day=MONDAY)
    assert week_of(ranking(joins, need=need)) == THIRD
    asked = Question(need, a_rule(), WEEKS, {}, NOW)
    assert shortlist(a_market(joins), asked).npis == ("1",)
    late = joins.but(memberships=member(valid_from=date(2026, 5, 1))["memberships"])
    assert shortlist(a_market(late), asked).exclusions == {"1": "out of network"}


def test_where_a_place_outside_may_be_had_it_comes_after_those_inside() -> None:
    anywhere = a_rule(networks="any")
    entry = a_practitioner("1", **member(valid_to=date(2026, 3, 15)))
    inside = ranking(entry, need=a_need(day=MONDAY), rule=anywhere, reserved=full_until(SECOND))
    assert (week_of(inside), inside.candidates[0].in_network) == (SECOND, True)
    outside = ranking(entry, need=a_need(day=MONDAY), rule=anywhere, reserved=full_until(THIRD))
    assert (week_of(outside), outside.candidates[0].in_network) == (THIRD, False)
    assert (outside.candidates[0].tier, inside.candidates[0].tier) == (3, 2)
    joins = a_practitioner("1", **member(valid_from=date(2026, 3, 16)))
    later = ranking(joins, need=a_need(day=MONDAY), rule=anywhere)
    assert (week_of(later), later.candidates[0].in_network) == (THIRD, True)


@pytest.mark.parametrize(
    "held",
    [
        {"valid_to": date(2026, 3, 14)},
        {"valid_from": date(2026, 3, 10), "valid_to": date(2026, 3, 15)},
    ],
)
def test_who_is_in_the_network_on_part_of_the_week_only_is_outside(held: dict[str, date]) -> None:
    """On which of its days the visit will be nobody knows."""
    only_then = {"1": {week: 5 for week in WEEKS if week != SECOND}}
    entry, anywhere = a_practitioner("1", **member(**held)), a_rule(networks="any")
    ranked = ranking(entry, need=a_need(day=MONDAY), rule=anywhere, reserved=only_then)
    (best,) = ranked.candidates
    assert (best.week, best.in_network, best.tier) == (SECOND, False, 3)


@pytest.mark.parametrize(
    ("born", "ages", "weeks"),
    [
        # 18 on the Tuesday of the second week.
        (date(2008, 3, 10), AgeLimits(oldest=17), (FIRST,)),
        (date(2008, 3, 10), AgeLimits(youngest=18), (THIRD, FOURTH)),
        (date(2008, 3, 9), AgeLimits(youngest=18), (SECOND, THIRD, FOURTH)),
        (date(2008, 3, 15), AgeLimits(oldest=17), (FIRST,)),
        (date(2008, 3, 16), AgeLimits(oldest=17), (FIRST, SECOND)),
        (date(2008, 3, 2), AgeLimits(oldest=17), ()),
        (None, AgeLimits(oldest=17), WEEKS),
    ],
)
def test_no_place_lies_beyond_a_birthday_that_a_service_minds(
    born: date | None, ages: AgeLimits, weeks: tuple[str, ...]
) -> None:
    need = a_need(day=MONDAY, born=born, age=None if born is None else age_on(born, MONDAY))
    for week in WEEKS:
        only_then = {"1": {other: 5 for other in WEEKS if other != week}}
        ranked = ranking(a_practitioner("1", ages=ages), need=need, reserved=only_then)
        assert bool(ranked.candidates) == (week in weeks), week


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 3, 2), MONDAY, 0),
        (date(2008, 12, 31), date(2027, 1, 1), 18),
    ],
)
def test_whole_years_are_counted_at_birthdays(born: date, day: date, years: int) -> None:
    assert age_on(born, day) == years


def test_who_is_asked_first_does_not_hang_on_the_weeks_that_are_out_of_the_question() -> None:
    ends = a_practitioner("1", **member(tier=1, valid_to=date(2026, 3, 8)))
    stays = a_practitioner("2", networks=("harbor",), tier=2)
    need = a_need(day=MONDAY)
    assert npis(ranking(ends, stays, need=need)) == ["1", "2"]
    assert npis(ranking(ends, stays, need=need, reserved=full_until(SECOND))) == ["2"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MA", "MA"),
        (" ma ", "MA"),
        ("Massachusetts", "MA"),
        ("NEW  HAMPSHIRE", "NH"),
        ("N.H.", "NH"),
        ("d.c.", "DC"),
        ("Puerto Rico", "PR"),
        ("Ontario", None),
        ("XX", None),
        ("", None),
        (None, None),
    ],
)
def test_a_state_is_known_by_code_and_by_name(text: str | None, code: str | None) -> None:
    assert state_code(text) == code
