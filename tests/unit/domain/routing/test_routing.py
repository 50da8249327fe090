"""Who is asked first: each hard filter, each part of the score, the week, and the list shown."""

from __future__ import annotations

from datetime import date
from math import pi

import pytest

from referral_core.domain.pathway import ChoiceList
from referral_core.domain.referral import Reservation
from referral_core.domain.routing.capacity import iso_week, weeks_from
from referral_core.domain.routing.filters import distance_km, in_network
from referral_core.domain.routing.score import rank, reservation_of, shown
from tests.unit.domain.routing.practitioners import (
    WEEKS,
    WORCESTER,
    a_need,
    a_practitioner,
    a_rule,
    km_north,
    npis,
    only,
    ranking,
)

FULL = dict.fromkeys(WEEKS, 5)

# --- hard filters: whoever fails one is no candidate, however well they would score --------------


def test_who_takes_no_new_patients_is_no_candidate() -> None:
    ranked = ranking(a_practitioner("1", accepting=False), a_practitioner("2", tier=3))
    assert npis(ranked) == ["2"]
    assert ranked.exclusions == {"1": "not accepting new patients"}


def test_who_is_outside_the_payers_network_is_no_candidate() -> None:
    ranked = ranking(a_practitioner("1", networks=("pioneer",)), a_practitioner("2", tier=3))
    assert npis(ranked) == ["2"]
    assert ranked.exclusions == {"1": "out of network"}


def test_a_rule_of_any_network_lets_the_payers_network_be_left() -> None:
    outside = a_practitioner(networks=("pioneer",))
    assert npis(ranking(outside, rule=a_rule(networks="any"))) == [outside.npi]


@pytest.mark.parametrize(
    ("networks", "payer", "inside"),
    [
        (("harbor",), "harbor", True),
        (("pioneer", "harbor"), "harbor", True),
        (("*",), "harbor", True),
        (("pioneer",), "harbor", False),
        (("harbor-plus",), "harbor", False),
        ((), "harbor", False),
        ((), None, True),  # who pays alone is bound to no network
    ],
)
def test_the_network_is_the_payers_own(
    networks: tuple[str, ...], payer: str | None, *, inside: bool
) -> None:
    practitioner = a_practitioner(networks=networks)
    assert in_network(a_need(payer=payer), practitioner) is inside
    assert bool(ranking(practitioner, need=a_need(payer=payer)).candidates) is inside


@pytest.mark.parametrize(("km", "near_enough"), [(0, True), (79, True), (81, False)])
def test_who_is_farther_than_the_rule_allows_is_no_candidate(
    km: float, *, near_enough: bool
) -> None:
    ranked = ranking(a_practitioner("1", **km_north(km)), rule=a_rule(max_distance_km=80))
    assert npis(ranked) == ["1"] * near_enough
    assert ranked.exclusions == ({} if near_enough else {"1": "too far"})


@pytest.mark.parametrize("unknown", [{"latitude": None}, {"longitude": None}])
def test_nobody_is_too_far_from_a_patient_whose_place_is_unknown(unknown: dict[str, None]) -> None:
    assert npis(ranking(a_practitioner("1", **km_north(500)), need=a_need(**unknown))) == ["1"]


def test_the_equator_and_the_prime_meridian_are_places() -> None:
    far = a_practitioner("1", **km_north(0))
    assert ranking(far, need=a_need(latitude=0, longitude=0)).exclusions == {"1": "too far"}


def test_who_has_no_capacity_in_any_week_is_no_candidate() -> None:
    ranked = ranking(a_practitioner("1"), a_practitioner("2", tier=3), reserved={"1": FULL})
    assert npis(ranked) == ["2"]
    assert ranked.exclusions == {"1": "no capacity"}


def test_who_has_no_capacity_at_all_is_no_candidate() -> None:
    ranked = ranking(a_practitioner("1", weekly_capacity=0))
    assert ranked.exclusions == {"1": "no capacity"}


@pytest.mark.parametrize("reason", ["declined this referral", "silent this referral"])
def test_who_declined_or_stayed_silent_is_no_candidate(reason: str) -> None:
    ranked = ranking(a_practitioner("1"), a_practitioner("2", tier=3), excluded={"1": reason})
    assert npis(ranked) == ["2"]
    assert ranked.exclusions == {"1": reason}


def test_the_reason_kept_is_what_the_clinic_said_before_what_the_directory_says() -> None:
    lost = a_practitioner("1", accepting=False, networks=(), **km_north(200))
    said = {"1": "declined this referral"}
    assert ranking(lost, reserved={"1": FULL}, excluded=said).exclusions == said


# --- the score: each part alone, then together ---------------------------------------------------


def test_a_better_tier_is_asked_first() -> None:
    ranked = ranking(*(a_practitioner(str(4 - tier), tier=tier) for tier in (3, 2, 1)))
    assert npis(ranked) == ["3", "2", "1"]
    assert [c.parts["tier"] for c in ranked.candidates] == pytest.approx([1, 2 / 3, 1 / 3])


def test_an_earlier_week_is_asked_first() -> None:
    reserved = {"1": {WEEKS[0]: 5, WEEKS[1]: 5}, "2": {WEEKS[0]: 5}}
    ranked = ranking(
        a_practitioner("1"), a_practitioner("2"), a_practitioner("3"), reserved=reserved
    )
    assert npis(ranked) == ["3", "2", "1"]
    assert [c.parts["earliest"] for c in ranked.candidates] == [1, 0.75, 0.5]


def test_the_nearer_one_is_asked_first() -> None:
    ranked = ranking(*(a_practitioner(str(n), **km_north(60 - 20 * n)) for n in (1, 2, 3)))
    assert npis(ranked) == ["3", "2", "1"]
    assert [c.parts["distance"] for c in ranked.candidates] == pytest.approx(
        [1, 0.75, 0.5], abs=1e-4
    )


def test_who_speaks_the_patients_language_is_asked_first() -> None:
    ranked = ranking(
        a_practitioner("1", languages=("en", "vi")),
        a_practitioner("2", languages=("en", "es")),
        need=a_need(language="es"),
    )
    assert npis(ranked) == ["2", "1"]
    assert [c.parts["language"] for c in ranked.candidates] == [1, 0]


def test_an_unknown_place_neither_helps_nor_harms() -> None:
    near, far = a_practitioner("2", **km_north(1)), a_practitioner("1", **km_north(79))
    ranked = ranking(near, far, need=a_need(latitude=None))
    assert npis(ranked) == ["1", "2"]
    assert [c.parts["distance"] for c in ranked.candidates] == [0.5, 0.5]


def test_the_score_is_the_weighted_sum_of_its_parts() -> None:
    practitioner = a_practitioner("1", tier=2, languages=("vi",), **km_north(40))
    (candidate,) = ranking(practitioner, reserved={"1": {WEEKS[0]: 5}}).candidates
    assert candidate.parts == pytest.approx(
        {
            "tier": 2 / 3,
            "earliest": 0.75,
            "distance": 0.5,
            "language": 0.0,
            "continuity": 0.0,
            "attendance": 1.0,
        },
        abs=1e-4,
    )
    weighted = 0.4 * 2 / 3 + 0.3 * 0.75 + 0.2 * 0.5 + 0.1 * 0
    assert candidate.score == pytest.approx(weighted, abs=1e-4)


@pytest.mark.parametrize("part", ["tier", "earliest", "distance", "language"])
def test_a_weight_of_one_makes_its_part_the_score_and_leaves_out_the_others(part: str) -> None:
    practitioner = a_practitioner("1", tier=3, languages=("vi",), **km_north(64))
    (candidate,) = ranking(practitioner, reserved={"1": {WEEKS[0]: 5}}, rule=only(part)).candidates
    assert candidate.score == pytest.approx(candidate.parts[part], abs=1e-6)
    four = ("tier", "earliest", "distance", "language")
    assert len({round(candidate.parts[name], 2) for name in four}) == 4


def test_the_weights_of_the_rule_decide_who_is_first() -> None:
    preferred, soon = a_practitioner("1", tier=1), a_practitioner("2", tier=3)
    reserved = {"1": {WEEKS[0]: 5, WEEKS[1]: 5}}
    weighing_tier = a_rule(weights={"tier": 0.9, "earliest": 0.1})
    weighing_time = a_rule(weights={"tier": 0.1, "earliest": 0.9})
    assert npis(ranking(preferred, soon, reserved=reserved, rule=weighing_tier)) == ["1", "2"]
    assert npis(ranking(preferred, soon, reserved=reserved, rule=weighing_time)) == ["2", "1"]


def test_equals_are_asked_in_the_order_of_their_npis() -> None:
    assert npis(ranking(a_practitioner("3"), a_practitioner("1"), a_practitioner("2"))) == [
        "1",
        "2",
        "3",
    ]


# --- the week that is held -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "week"),
    [
        ({}, WEEKS[0]),
        ({WEEKS[0]: 4}, WEEKS[0]),
        ({WEEKS[0]: 5}, WEEKS[1]),
        ({WEEKS[0]: 6, WEEKS[1]: 5, WEEKS[2]: 1}, WEEKS[2]),
        ({WEEKS[1]: 5}, WEEKS[0]),
    ],
)
def test_the_week_is_the_earliest_with_capacity(taken: dict[str, int], week: str) -> None:
    (candidate,) = ranking(a_practitioner("1"), reserved={"1": taken}).candidates
    assert candidate.week == week
    assert reservation_of(candidate) == Reservation(npi="1", week=week)
    assert candidate.weekly_capacity == 5


def test_what_is_held_with_one_takes_no_capacity_from_another() -> None:
    ranked = ranking(a_practitioner("1"), a_practitioner("2"), reserved={"1": {WEEKS[0]: 5}})
    assert {c.npi: c.week for c in ranked.candidates} == {"1": WEEKS[1], "2": WEEKS[0]}


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 2, 9), "2026-W07"),
        (date(2026, 3, 1), "2026-W09"),  # a Sunday ends its week
        (date(2026, 3, 2), "2026-W10"),
        (date(2024, 12, 29), "2024-W52"),
        (date(2024, 12, 30), "2025-W01"),  # a Monday of the old year in a week of the new one
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 1), "2026-W53"),  # a Friday of the new year in a week of the old one
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_a_week_belongs_to_the_year_of_its_thursday(day: date, week: str) -> None:
    assert iso_week(day) == week


def test_the_weeks_ahead_go_on_over_the_end_of_the_year() -> None:
    long_year = ("2026-W52", "2026-W53", "2027-W01", "2027-W02")
    assert weeks_from(date(2026, 12, 27), 4) == long_year
    assert weeks_from(date(2025, 12, 26), 3) == ("2025-W52", "2026-W01", "2026-W02")


# --- distance ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        (WORCESTER, WORCESTER, 0),
        ((42.2626, -71.8023), (42.3601, -71.0589), 62.1),  # Worcester to Boston
        ((40.7128, -74.0060), (34.0522, -118.2437), 3935.7),  # New York to Los Angeles
        ((0, 0), (1, 0), 111.2),
        ((60, 0), (60, 1), 55.6),  # a degree of longitude is half as long at 60 degrees north
        ((0, 179.5), (0, -179.5), 111.2),  # over the date line
        ((90, 0), (-90, 0), pi * 6371),
    ],
)
def test_the_distance_is_that_of_the_great_circle(
    a: tuple[float, float], b: tuple[float, float], km: float
) -> None:
    assert distance_km(a, b) == pytest.approx(km, abs=0.5)
    assert distance_km(b, a) == pytest.approx(km, abs=0.5)


# --- the list that the patient is shown ----------------------------------------------------------

FOUR = tuple(
    a_practitioner(npi, tier=tier, **km_north(km))
    for npi, tier, km in (("4", 1, 5), ("1", 2, 30), ("3", 1, 60), ("2", 3, 10))
)


@pytest.mark.parametrize(
    ("choice", "listed"),
    [
        ({}, ("4", "3", "1", "2")),  # in our order of preference
        ({"ranked": False}, ("1", "2", "3", "4")),  # in an order that favours nobody
        ({"at_most": 2}, ("4", "3")),
        ({"at_most": 2, "ranked": False}, ("1", "2")),
        ({"within_km": 40}, ("4", "1", "2")),
        ({"within_km": 40, "at_most": 2, "ranked": False}, ("1", "2")),
        ({"within_km": 1}, ()),
    ],
)
def test_the_list_shown_is_as_the_law_of_the_service_wants_it(
    choice: dict[str, object], listed: tuple[str, ...]
) -> None:
    rule = ChoiceList.model_validate({"source": "42 CFR 482.43", **choice})
    assert shown(a_need(), ranking(*FOUR), FOUR, rule) == listed


def test_nobody_without_a_chance_is_shown() -> None:
    directory = (*FOUR, a_practitioner("5", accepting=False), a_practitioner("6", networks=()))
    ranked = ranking(*directory, excluded={"4": "declined this referral"})
    assert shown(a_need(), ranked, directory, ChoiceList(source="law")) == ("3", "1", "2")


def test_a_patient_whose_place_is_unknown_is_shown_all() -> None:
    need = a_need(latitude=None, longitude=None)
    rule = ChoiceList(within_km=1, ranked=False, source="law")
    assert shown(need, ranking(*FOUR, need=need), FOUR, rule) == ("1", "2", "3", "4")


def test_who_saw_the_patient_before_is_first_where_continuity_counts() -> None:
    known, other = a_practitioner("2"), a_practitioner("1")
    need = a_need(seen=frozenset({"2"}))
    assert npis(ranking(known, other, need=need, rule=only("continuity"))) == ["2", "1"]
    assert npis(ranking(known, other, need=need, rule=only("language"))) == ["1", "2"]


def test_a_lead_of_more_than_four_weeks_counts_where_attendance_does() -> None:
    weeks = tuple(f"2026-W{n:02d}" for n in range(10, 18))
    late, soon = a_practitioner("1"), a_practitioner("2")
    reserved = {"1": dict.fromkeys(weeks[:5], 5), "2": dict.fromkeys(weeks[:4], 5)}
    found = rank(
        a_need(), [late, soon], reserved, weeks, rule=only("attendance"), excluded={}
    ).candidates
    assert [(c.npi, c.week, c.score) for c in found] == [
        ("2", "2026-W14", 1.0),
        ("1", "2026-W15", 0.0),
    ]
