"""Decisions by bid prices: what must hold for every directory, every price list, every order."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.routing.matching import (
    DEFAULT_COSTS,
    OUTSIDE_MARGIN,
    CostModel,
    Demand,
    Service,
)
from referral_core.domain.routing.prices import (
    BID_PRICES,
    GREEDY,
    PricedCandidate,
    PricedDecision,
    PriceList,
    blend,
    decide,
)
from referral_core.domain.routing.service_index import ServiceIndex

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKS = ("2026-W10", "2026-W11", "2026-W12")
LANGUAGES = ("en", "es", "pt")
HERE = (42.0, -71.5)

Places = dict[str, tuple[int, ...]]
Prices = dict[str, tuple[float, ...]]

spots = st.builds(
    lambda north, east: (42 + north / 20, -71.5 + east / 20),
    st.integers(0, 9),
    st.integers(0, 9),
)
demands = st.builds(
    Demand,
    specialty=st.just("cardiology"),
    payer=st.sampled_from(("a", "b")),
    place=spots,
    language=st.sampled_from(LANGUAGES),
    urgent=st.booleans(),
)
directories = st.lists(
    st.builds(
        Service,
        id=st.integers(0, 999).map(lambda n: f"s{n:03d}"),
        specialty=st.sampled_from(("cardiology", "cardiology", "dermatology")),
        place=spots,
        tiers=st.dictionaries(st.sampled_from(("a", "b")), st.sampled_from((1, 2))),
        languages=st.frozensets(st.sampled_from(LANGUAGES), min_size=1),
    ),
    unique_by=lambda s: s.id,
    max_size=40,
)


def places_for(services: list[Service], rng: Random) -> Places:
    return {s.id: tuple(rng.randint(0, 2) for _ in WEEKS) for s in services}


def prices_for(services: list[Service], rng: Random) -> Prices:
    return {s.id: tuple(float(rng.randint(0, 60)) for _ in WEEKS) for s in services}


def a_price_list(prices: Prices, weeks: tuple[str, ...] = WEEKS) -> PriceList:
    return PriceList("solve-7", NOW + timedelta(hours=1), weeks, prices)


def decided(
    services: list[Service],
    demand: Demand,
    places: Places,
    prices: PriceList | None,
    keep: int = 1,
) -> PricedDecision:
    index = ServiceIndex(services)
    return decide(index, demand, lambda s: places[s], WEEKS, prices=prices, now=NOW, keep=keep)


def by_looking_at_all(
    services: list[Service],
    demand: Demand,
    places: Places,
    prices: Prices,
    costs: CostModel = DEFAULT_COSTS,
) -> list[PricedCandidate]:
    found = []
    for service in (s for s in services if s.specialty == demand.specialty):
        cost, waits = costs.of(demand, service), costs.waits(demand, len(WEEKS))
        by_week = [
            PricedCandidate(cost + waits[n] + price, service.id, WEEKS[n], cost + waits[n], price)
            for n, price in enumerate(prices.get(service.id, (0.0,) * len(WEEKS)))
            if places[service.id][n]
        ]
        found += [min(by_week, key=lambda c: (c.total, c.week))] if by_week else []
    return sorted(c for c in found if c.total < costs.unassigned)


@given(
    services=directories,
    demand=demands,
    seed=st.integers(0, 2**32),
    keep=st.integers(1, 5),
    priced=st.booleans(),
)
def test_the_search_finds_what_looking_at_every_service_finds(
    services: list[Service], demand: Demand, seed: int, keep: int, *, priced: bool
) -> None:
    rng = Random(seed)  # noqa: S311 - dice
    places, prices = places_for(services, rng), prices_for(services, rng) if priced else {}
    decision = decided(services, demand, places, a_price_list(prices) if priced else None, keep)
    costs = DEFAULT_COSTS.beside_prices() if priced else DEFAULT_COSTS
    everybody = by_looking_at_all(services, demand, places, prices, costs)
    assert list(decision.candidates) == everybody[:keep]


@given(directories, demands, st.integers(0, 2**32))
def test_the_order_of_the_directory_does_not_matter(
    services: list[Service], demand: Demand, seed: int
) -> None:
    rng = Random(seed)  # noqa: S311 - dice
    places, prices = places_for(services, rng), a_price_list(prices_for(services, rng))
    shuffled = rng.sample(services, len(services))
    before = decided(services, demand, places, prices, keep=3)
    assert decided(shuffled, demand, places, prices, keep=3) == before


@given(directories, demands, st.integers(0, 2**32))
def test_removing_an_unchosen_candidate_changes_nothing_at_equal_prices(
    services: list[Service], demand: Demand, seed: int
) -> None:
    rng = Random(seed)  # noqa: S311 - dice
    places, prices = places_for(services, rng), a_price_list(prices_for(services, rng))
    chosen = decided(services, demand, places, prices).chosen
    others = [s for s in services if chosen is None or s.id != chosen.service]
    if others:
        gone = rng.choice(others)
        left = [s for s in services if s is not gone]
        assert decided(left, demand, places, prices).chosen == chosen


@given(directories, demands, st.integers(0, 2**32), st.sampled_from(("tier", "place", "language")))
def test_a_strictly_better_candidate_is_never_ranked_below(
    services: list[Service], demand: Demand, seed: int, better_in: str
) -> None:
    rng = Random(seed)  # noqa: S311 - dice
    worse = Service("s500-worse", "cardiology", (42.9, -70.6), {}, frozenset({"none"}))
    better = {
        "tier": replace(worse, id="z-better", tiers={demand.payer: 2}),
        "place": replace(worse, id="z-better", place=(42.8, -70.7)),
        "language": replace(worse, id="z-better", languages=frozenset(LANGUAGES)),
    }[better_in]
    everyone = [*services, worse, better]
    places, prices = places_for(services, rng), prices_for(services, rng)
    places |= dict.fromkeys((worse.id, better.id), tuple(rng.randint(0, 1) for _ in WEEKS))
    prices |= dict.fromkeys((worse.id, better.id), (3.0, 2.0, 1.0))
    ranked = [
        c.service
        for c in decided(everyone, demand, places, a_price_list(prices), keep=99).candidates
    ]
    if any(places[worse.id]):
        assert ranked.index(better.id) < ranked.index(worse.id)


@given(directories.filter(bool), st.lists(demands, min_size=4, max_size=12), st.integers(0, 2**32))
def test_no_interleaving_of_deciding_and_reserving_exceeds_capacity(
    services: list[Service], referrals: list[Demand], seed: int
) -> None:
    """Who decided on what another took meanwhile finds it full, and decides again."""
    rng = Random(seed)  # noqa: S311 - dice
    prices = a_price_list(prices_for(services, rng))
    index, left = ServiceIndex(services), places_for(services, rng)
    open_referrals, reserved = list(referrals), 0
    capacity = sum(sum(row) for row in left.values())
    in_flight: list[tuple[Demand, PricedCandidate]] = []
    while open_referrals or in_flight:
        if open_referrals and (not in_flight or rng.random() < 0.6):
            demand = open_referrals.pop(rng.randrange(len(open_referrals)))
            decision = decide(index, demand, lambda s: left[s], WEEKS, prices=prices, now=NOW)
            if decision.chosen is not None:
                assert left[decision.chosen.service][WEEKS.index(decision.chosen.week)] > 0
                in_flight.append((demand, decision.chosen))
            continue
        demand, wanted = in_flight.pop(rng.randrange(len(in_flight)))
        week = WEEKS.index(wanted.week)
        row = list(left[wanted.service])
        if row[week] == 0:
            open_referrals.append(demand)
            continue
        row[week] -= 1
        left[wanted.service] = tuple(row)
        reserved += 1
    assert all(places >= 0 for row in left.values() for places in row)
    assert reserved + sum(sum(row) for row in left.values()) == capacity


def test_no_protected_attribute_is_an_input() -> None:
    """A new input is added here on purpose, after somebody asked whether it may be one."""
    assert {f.name for f in fields(Demand)} == {
        "specialty",
        "payer",
        "place",
        "language",
        "urgent",
        "seen",
    }
    assert {f.name for f in fields(Service)} == {
        "id",
        "specialty",
        "place",
        "tiers",
        "languages",
        "is_second_choice",
    }


@given(directories, demands, st.integers(0, 2**32), st.permutations(LANGUAGES))
def test_no_language_is_treated_unlike_another(
    services: list[Service], demand: Demand, seed: int, order: list[str]
) -> None:
    """Language counts only as being spoken there or not: exchange all of them and nothing moves."""
    rng = Random(seed)  # noqa: S311 - dice
    other = dict(zip(LANGUAGES, order, strict=True))
    places, prices = places_for(services, rng), a_price_list(prices_for(services, rng))
    exchanged = [
        replace(s, languages=frozenset(other[code] for code in s.languages)) for s in services
    ]
    before = decided(services, demand, places, prices, keep=5)
    after = replace(demand, language=other[demand.language])
    assert decided(exchanged, after, places, prices, keep=5) == before


NEAR = Service("near", "cardiology", HERE, {"a": 1})
FAR = Service("far", "cardiology", (42.1, -71.5), {"a": 1})
ROUTINE = Demand("cardiology", "a", HERE)
OPEN = {"near": (1, 1, 1), "far": (1, 1, 1)}
DEAR = {"near": (40.0, 30.0, 25.0)}


def test_a_dear_place_is_left_to_who_needs_it() -> None:
    decision = decided([NEAR, FAR], ROUTINE, OPEN, a_price_list(DEAR))
    assert [c.service for c in decision.candidates] == ["far"]
    assert (decision.policy, decision.price_version) == (BID_PRICES, "solve-7")


@pytest.mark.parametrize(
    ("saved", "chosen"), [(OUTSIDE_MARGIN - 1, "inside"), (OUTSIDE_MARGIN + 1, "outside")]
)
def test_out_of_network_must_be_better_by_the_margin(saved: float, chosen: str) -> None:
    inside = Service("inside", "cardiology", HERE, {"a": 1})
    outside = Service("outside", "cardiology", HERE)
    dear = DEFAULT_COSTS.tiers[2] + saved
    places = {"inside": (1, 1, 1), "outside": (1, 1, 1)}
    prices = a_price_list({"inside": (dear, dear, dear)})
    decision = decided([inside, outside], Demand("cardiology", "a", HERE), places, prices)
    assert decision.chosen is not None
    assert decision.chosen.service == chosen


def test_a_cheaper_week_is_waited_for_by_who_can_wait() -> None:
    free_later = a_price_list({"near": (40.0, 0.0, 0.0), "far": (40.0, 40.0, 40.0)})
    routine = decided([NEAR, FAR], ROUTINE, OPEN, free_later).chosen
    urgent = decided([NEAR, FAR], replace(ROUTINE, urgent=True), OPEN, free_later).chosen
    assert routine == PricedCandidate(5.0, "near", WEEKS[1], 5.0, 0.0)
    assert urgent == PricedCandidate(14.0, "near", WEEKS[1], 14.0, 0.0)


@pytest.mark.parametrize(
    "prices",
    [None, PriceList("solve-6", NOW, WEEKS, DEAR)],
    ids=["missing", "stale from this instant on"],
)
def test_without_valid_prices_the_decision_is_greedy_and_says_so(prices: PriceList | None) -> None:
    decision = decided([NEAR, FAR], ROUTINE, OPEN, prices)
    assert decision == PricedDecision(
        GREEDY, None, (PricedCandidate(0.0, "near", WEEKS[0], 0.0, 0.0),)
    )


def test_weeks_are_matched_by_name_and_unknown_ones_cost_nothing() -> None:
    """The list is of last week: its second week is the first that may be booked now."""
    last_week = a_price_list({"near": (0.0, 40.0, 3.0)}, ("2026-W09", "2026-W10", "2026-W11"))
    chosen = decided([NEAR], ROUTINE, OPEN, last_week).chosen
    assert chosen == PricedCandidate(8.0, "near", WEEKS[1], 5.0, 3.0)
    assert last_week.of("near", WEEKS) == (40.0, 3.0, 0.0)


def test_waiting_is_better_than_a_place_that_costs_more_than_none() -> None:
    too_dear = a_price_list({"near": (300.0, 295.0, 290.0)})
    assert decided([NEAR], ROUTINE, OPEN, too_dear).chosen is None
    assert decided([NEAR], ROUTINE, {"near": (0, 0, 0)}, None).chosen is None


def test_who_is_excluded_is_no_candidate() -> None:
    decision = decide(
        ServiceIndex([NEAR, FAR]),
        ROUTINE,
        lambda s: OPEN[s],
        WEEKS,
        prices=None,
        now=NOW,
        excluded=frozenset({"near"}),
    )
    assert [c.service for c in decision.candidates] == ["far"]


def test_prices_move_by_the_weight_and_a_new_service_starts_at_its_own() -> None:
    assert blend({"s": (10.0, 0.0)}, {"s": (20.0, 4.0), "new": (7.0, 1.0)}, 0.25) == {
        "s": (12.5, 1.0),
        "new": (7.0, 1.0),
    }


def test_an_area_that_looks_worse_is_still_opened_when_it_may_hold_the_best() -> None:
    """Here nobody speaks Spanish (8 points); ten kilometres away (5 points) they all do."""
    here = [Service(f"here-{n}", "cardiology", HERE, {"a": 1}) for n in range(8)]
    away = [
        Service(f"away-{n}", "cardiology", (42.09, -71.5), {"a": 1}, frozenset({"es"}))
        for n in range(8)
    ]
    places = {s.id: (1, 1, 1) for s in [*here, *away]}
    decision = decided([*here, *away], replace(ROUTINE, language="es"), places, None)
    assert [c.service for c in decision.candidates] == ["away-0"]
