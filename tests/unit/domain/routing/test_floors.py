"""A market of hundreds is searched by bounds: what is found is what looking at everybody finds."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from referral_core.domain.routing.matching import (
    ANY_PAYER,
    DEFAULT_COSTS,
    SECOND_CHOICE,
    Demand,
    Service,
)
from referral_core.domain.routing.prices import decide
from referral_core.domain.routing.service_index import ServiceIndex
from tests.unit.domain.routing.test_prices import NOW, WEEKS, a_price_list, by_looking_at_all

_SERVICES: Final = 300
_KEPT: Final = 3
_NAMED: Final = ("a", "b", "c", ANY_PAYER)


def a_service(number: int, rng: Random) -> Service:
    tiers = {payer: rng.choice((1, 2)) for payer in _NAMED if rng.random() < 0.3}
    place = (rng.uniform(41.9, 42.4), rng.uniform(-71.9, -71.4))
    spoken = frozenset(rng.sample(("en", "es", "pt"), rng.randint(1, 3)))
    return Service(f"s{number:03d}", "cardiology", place, tiers, spoken, rng.random() < 0.3)


@pytest.mark.parametrize("payer", ["a", "b", "c", "nobody-names"])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_of_tier_and_place_leave_nobody_out(payer: str, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - dice
    services = [a_service(number, rng) for number in range(_SERVICES)]
    places = {s.id: tuple(rng.randint(0, 1) for _ in WEEKS) for s in services}
    prices = {s.id: tuple(rng.uniform(0, 150) for _ in WEEKS) for s in services}
    index, listed = ServiceIndex(services), a_price_list(prices)
    for _ in range(5):
        home = (rng.uniform(41.9, 42.4), rng.uniform(-71.9, -71.4))
        demand = Demand("cardiology", payer, home, rng.choice(("en", "es")))
        decision = decide(
            index, demand, places.__getitem__, WEEKS, prices=listed, now=NOW, keep=_KEPT
        )
        costs = DEFAULT_COSTS.beside_prices()
        everybody = by_looking_at_all(services, demand, places, prices, costs)
        assert list(decision.candidates) == everybody[:_KEPT]


def test_the_search_finds_who_is_the_specialty_wanted_first_before_who_is_another() -> None:
    here, demand = (42.0, -71.5), Demand("cardiology", "a", (42.0, -71.5))
    spoken = frozenset({"en"})
    second, first, outside = (
        Service("1", "cardiology", here, {"a": 1}, spoken, is_second_choice=True),
        Service("2", "cardiology", here, {"a": 1}, spoken),
        Service("3", "cardiology", here, {}, spoken),
    )
    index, listed = ServiceIndex([second, first, outside]), a_price_list({})
    found = decide(index, demand, lambda _: (1,), WEEKS[:1], prices=listed, now=NOW, keep=_KEPT)
    assert [c.service for c in found.candidates] == ["2", "1", "3"]
    assert found.candidates[1].cost == SECOND_CHOICE
