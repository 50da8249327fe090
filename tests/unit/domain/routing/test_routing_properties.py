"""What holds for every directory: better is never ranked below; order and absence do not decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import pi
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from referral_core.domain.directory import Practitioner
from referral_core.domain.pathway import ChoiceList, RoutingRule
from referral_core.domain.routing.capacity import iso_week, weeks_from
from referral_core.domain.routing.filters import Need, distance_km, in_network
from referral_core.domain.routing.score import Ranking, rank, shown
from tests.unit.domain.routing.practitioners import WEEKS, a_need, a_practitioner, a_rule, km_north

PARTS = ("tier", "earliest", "distance", "language")
ALL_PARTS = {*PARTS, "continuity", "attendance"}


class Asked(NamedTuple):
    """One question put to the ranking."""

    need: Need
    directory: Sequence[Practitioner]
    reserved: Mapping[str, Mapping[str, int]]
    rule: RoutingRule
    excluded: Mapping[str, str]

    def ranked(self, directory: Sequence[Practitioner] | None = None) -> Ranking:
        """Rank this directory, or another one for the same need."""
        practitioners = self.directory if directory is None else directory
        return rank(
            self.need, practitioners, self.reserved, WEEKS, rule=self.rule, excluded=self.excluded
        )


# --- any question --------------------------------------------------------------------------------


@st.composite
def needs(draw: st.DrawFn) -> Need:
    somewhere = draw(st.booleans())
    return a_need(
        payer=draw(st.sampled_from([None, "harbor", "pioneer"])),
        language=draw(st.sampled_from(["en", "es", "vi"])),
        **({} if somewhere else {"latitude": None, "longitude": None}),
    )


@st.composite
def rules(draw: st.DrawFn) -> RoutingRule:
    """Draw a rule whose weights are all there and sum to 1."""
    shares = [draw(st.integers(1, 20)) for _ in PARTS]
    return a_rule(
        networks=draw(st.sampled_from(["in", "any"])),
        max_distance_km=draw(st.sampled_from([20, 80, 200])),
        weights={part: n / sum(shares) for part, n in zip(PARTS, shares, strict=True)},
    )


@st.composite
def practitioners(draw: st.DrawFn, npi: str) -> Practitioner:
    networks = st.sampled_from([("*",), ("harbor",), ("pioneer",), ("harbor", "pioneer"), ()])
    return a_practitioner(
        npi,
        tier=draw(st.integers(1, 3)),
        languages=draw(st.sampled_from([("en",), ("en", "es"), ("vi",)])),
        networks=draw(networks),
        accepting=draw(st.sampled_from([True, True, True, False])),
        weekly_capacity=draw(st.integers(0, 3)),
        **km_north(draw(st.integers(0, 250))),
    )


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    numbers = draw(st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True))
    names = [f"19999{n:05d}" for n in numbers]
    weeks = st.dictionaries(st.sampled_from(WEEKS), st.integers(0, 3))
    return Asked(
        need=draw(needs()),
        directory=[draw(practitioners(npi)) for npi in names],
        reserved={npi: draw(weeks) for npi in names},
        rule=draw(rules()),
        excluded=draw(st.dictionaries(st.sampled_from(names), st.just("declined"), max_size=2)),
    )


# --- who is a candidate --------------------------------------------------------------------------


@given(questions())
def test_everybody_is_either_a_candidate_or_excluded_for_a_reason(asked: Asked) -> None:
    ranked = asked.ranked()
    candidates = [c.npi for c in ranked.candidates]
    assert sorted([*candidates, *ranked.exclusions]) == sorted(s.npi for s in asked.directory)
    assert all(ranked.exclusions.values())


@given(questions())
def test_a_candidate_passes_every_hard_filter(asked: Asked) -> None:
    known = {s.npi: s for s in asked.directory}
    home = asked.need.latitude, asked.need.longitude
    for candidate in asked.ranked().candidates:
        practitioner = known[candidate.npi]
        assert practitioner.accepting
        assert candidate.npi not in asked.excluded
        assert asked.rule.networks == "any" or in_network(asked.need, practitioner)
        if home[0] is not None and home[1] is not None:
            away = distance_km((home[0], home[1]), (practitioner.latitude, practitioner.longitude))
            assert away <= asked.rule.max_distance_km


@given(questions())
def test_the_week_has_capacity_and_no_earlier_one_has(asked: Asked) -> None:
    known = {s.npi: s for s in asked.directory}
    for candidate in asked.ranked().candidates:
        taken, capacity = asked.reserved[candidate.npi], known[candidate.npi].weekly_capacity
        before = WEEKS[: WEEKS.index(candidate.week)]
        assert taken.get(candidate.week, 0) < capacity
        assert all(taken.get(week, 0) >= capacity for week in before)


# --- in which order ------------------------------------------------------------------------------


@given(questions())
def test_candidates_come_by_falling_score_and_equals_by_npi(asked: Asked) -> None:
    order = [(-c.score, c.npi) for c in asked.ranked().candidates]
    assert order == sorted(order)


@given(questions())
def test_parts_and_scores_are_shares(asked: Asked) -> None:
    for candidate in asked.ranked().candidates:
        assert set(candidate.parts) == ALL_PARTS
        assert all(0 <= part <= 1 for part in candidate.parts.values())
        assert 0 <= candidate.score <= 1
        weighed = sum(weight * candidate.parts[part] for part, weight in asked.rule.weights.items())
        assert candidate.score == pytest.approx(weighed, abs=1e-6)


@given(questions(), st.data())
def test_the_order_of_the_directory_changes_nothing(asked: Asked, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(asked.directory))
    ranked, again = asked.ranked(), asked.ranked(shuffled)
    assert again == ranked
    choice = ChoiceList(at_most=3, ranked=data.draw(st.booleans()), source="law")
    assert shown(asked.need, again, shuffled, choice) == shown(
        asked.need, ranked, asked.directory, choice
    )


@given(questions(), st.data())
def test_whoever_leaves_the_directory_leaves_the_rest_as_it_was(
    asked: Asked, data: st.DataObject
) -> None:
    leaving = data.draw(st.sampled_from(asked.directory)).npi
    ranked = asked.ranked()
    left = asked.ranked([s for s in asked.directory if s.npi != leaving])
    assert left.candidates == tuple(c for c in ranked.candidates if c.npi != leaving)
    assert left.exclusions == {
        n: status_reason for n, status_reason in ranked.exclusions.items() if n != leaving
    }


# --- monotonicity --------------------------------------------------------------------------------

LOWEST, HIGHEST = "1000000000", "2000000000"
"""NPIs that would win or lose every tie: better must win whatever the number."""


@st.composite
def rivals(draw: st.DrawFn) -> tuple[Asked, str, str]:
    """Draw a question with a candidate, and the same one better in some parts, worse in none."""
    asked = draw(questions())
    worse_npi, better_npi = draw(st.permutations([LOWEST, HIGHEST]))
    worse: dict[str, Any] = {
        "networks": ("*",),
        "tier": draw(st.integers(1, 3)),
        "languages": ("tlh",),
        "weekly_capacity": 1,
    }
    km, full = draw(st.integers(1, 19)), draw(st.integers(0, len(WEEKS) - 1))
    improved = draw(st.sets(st.sampled_from(PARTS), min_size=1))
    if asked.need.latitude is None:
        improved -= {"distance"}
    improved -= {"tier"} if worse["tier"] == 1 else set()
    improved -= {"earliest"} if full == 0 else set()
    assume(improved)
    better = {
        **worse,
        "tier": draw(st.integers(1, worse["tier"] - 1)) if "tier" in improved else worse["tier"],
        "languages": (asked.need.language,) if "language" in improved else ("tlh",),
        **km_north(km / 2 if "distance" in improved else km),
    }
    sooner = draw(st.integers(0, full - 1)) if "earliest" in improved else full
    pair = [
        a_practitioner(worse_npi, **worse, **km_north(km)),
        a_practitioner(better_npi, **better),
    ]
    reserved = {
        worse_npi: dict.fromkeys(WEEKS[:full], 1),
        better_npi: dict.fromkeys(WEEKS[:sooner], 1),
    }
    both = asked._replace(
        directory=[*asked.directory, *pair], reserved={**asked.reserved, **reserved}
    )
    return both, better_npi, worse_npi


@given(rivals())
def test_who_is_better_in_some_part_and_worse_in_none_is_asked_before(
    rivalry: tuple[Asked, str, str],
) -> None:
    asked, better, worse = rivalry
    order = [c.npi for c in asked.ranked().candidates]
    assert order.index(better) < order.index(worse)


# --- weeks and distance --------------------------------------------------------------------------

days = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(days, st.integers(1, 26))
def test_the_weeks_ahead_are_consecutive(day: date, count: int) -> None:
    mondays = [
        date.fromisocalendar(int(week[:4]), int(week[6:]), 1) for week in weeks_from(day, count)
    ]
    assert mondays[0] <= day < mondays[0] + timedelta(weeks=1)
    assert mondays == [mondays[0] + timedelta(weeks=n) for n in range(count)]


@given(days, days)
def test_weeks_sort_as_text_as_they_do_in_time(one: date, other: date) -> None:
    earlier, later = sorted([one, other])
    assert iso_week(earlier) <= iso_week(later)


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_the_distance_is_the_same_both_ways_and_at_most_half_way_round(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= distance_km(a, b) <= pi * 6371 + 1e-6


@given(places, places, places)
def test_no_way_round_is_shorter(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> None:
    assert distance_km(a, c) <= distance_km(a, b) + distance_km(b, c) + 1e-3
