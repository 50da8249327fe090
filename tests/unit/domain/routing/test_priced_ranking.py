"""Properties of the ranking by prices, for any directory, any prices, any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.directory import Practitioner
from referral_core.domain.routing.matching import OUTSIDE_MARGIN, POINTS
from referral_core.domain.routing.prices import BID_PRICES, PriceList
from referral_core.domain.routing.score import Ranking, rank
from tests.unit.domain.routing.markets import NOW
from tests.unit.domain.routing.practitioners import WEEKS, a_need, a_practitioner, a_rule
from tests.unit.domain.routing.test_routing_properties import Asked, questions, rivals

points = st.sampled_from((0.0, 3.0, 11.0, 40.0, 120.0))
rows = st.tuples(*[points] * len(WEEKS))


def by_prices(
    asked: Asked,
    prices: Mapping[str, tuple[float, ...]],
    directory: Sequence[Practitioner] | None = None,
) -> Ranking:
    return rank(
        asked.need,
        asked.directory if directory is None else directory,
        asked.reserved,
        WEEKS,
        rule=asked.rule,
        excluded=asked.excluded,
        prices=PriceList("solve-7", NOW + timedelta(hours=1), WEEKS, prices),
        now=NOW,
    )


def prices_for(data: st.DataObject, asked: Asked) -> dict[str, tuple[float, ...]]:
    return {p.npi: data.draw(rows) for p in asked.directory}


@given(questions())
def test_prices_of_nothing_rank_as_no_prices_do(asked: Asked) -> None:
    free, unpriced = by_prices(asked, {}), asked.ranked()
    assert [c for c in free.candidates if c.in_network] == [
        c for c in unpriced.candidates if c.in_network
    ]
    assert (free.policy, free.price_version) == (BID_PRICES, "solve-7")


@given(questions(), st.data())
def test_out_of_network_is_dearer_by_the_margin_where_prices_decide(
    asked: Asked, data: st.DataObject
) -> None:
    priced = by_prices(asked, prices_for(data, asked))
    for candidate in (*priced.candidates, *asked.ranked().candidates):
        is_dearer = candidate in priced.candidates and not candidate.in_network
        cost = POINTS * (1 - candidate.score) + candidate.price
        assert candidate.total == pytest.approx(cost + (OUTSIDE_MARGIN if is_dearer else 0.0))


def test_who_is_out_of_network_is_asked_only_when_better_by_the_margin() -> None:
    inside = a_practitioner("1999900001", networks=("harbor",))
    outside = a_practitioner("1999900002", networks=(), tier=1)
    rule = a_rule(networks="any", weights={"earliest": 1.0})
    asked = Asked(a_need(payer="harbor"), [inside, outside], {}, rule, {})
    row = (OUTSIDE_MARGIN - 1,) * len(WEEKS)
    assert by_prices(asked, {inside.npi: row}).candidates[0].npi == inside.npi
    dear = (OUTSIDE_MARGIN + 1,) * len(WEEKS)
    assert by_prices(asked, {inside.npi: dear}).candidates[0].npi == outside.npi


@given(questions(), st.data())
def test_the_least_cost_and_price_comes_first_in_its_best_week(
    asked: Asked, data: st.DataObject
) -> None:
    prices = prices_for(data, asked)
    ranked, known = by_prices(asked, prices), {p.npi: p for p in asked.directory}
    totals = [c.total for c in ranked.candidates]
    assert totals == sorted(totals)
    earliest = asked.rule.weights.get("earliest", 0.0)
    for candidate in ranked.candidates:
        capacity = known[candidate.npi].weekly_capacity
        held = asked.reserved[candidate.npi]
        possible = {
            week: POINTS * earliest * ahead / len(WEEKS) + prices[candidate.npi][ahead]
            for ahead, week in enumerate(WEEKS)
            if held.get(week, 0) < capacity
        }
        assert possible[candidate.week] == pytest.approx(min(possible.values()))
        assert candidate.price == prices[candidate.npi][WEEKS.index(candidate.week)]


@given(questions(), st.data())
def test_order_and_who_is_not_chosen_change_nothing_at_equal_prices(
    asked: Asked, data: st.DataObject
) -> None:
    prices = prices_for(data, asked)
    ranked = by_prices(asked, prices)
    assert by_prices(asked, prices, data.draw(st.permutations(asked.directory))) == ranked
    leaving = data.draw(st.sampled_from(asked.directory)).npi
    left = by_prices(asked, prices, [p for p in asked.directory if p.npi != leaving])
    assert left.candidates == tuple(c for c in ranked.candidates if c.npi != leaving)


@given(rivals(), rows)
def test_who_is_better_and_costs_no_more_is_never_ranked_below(
    rivalry: tuple[Asked, str, str], row: tuple[float, ...]
) -> None:
    asked, better, worse = rivalry
    ranked = by_prices(asked, {better: row, worse: row})
    totals = {c.npi: c.total for c in ranked.candidates}
    order = list(totals)
    # Whose only merit is a sooner place that its price eats up is as good, and no better.
    assert totals[better] <= totals[worse]
    assert totals[better] == totals[worse] or order.index(better) < order.index(worse)


@given(questions(), st.data())
def test_who_becomes_dearer_never_rises(asked: Asked, data: st.DataObject) -> None:
    prices = prices_for(data, asked)
    npi = data.draw(st.sampled_from(asked.directory)).npi
    before = [c.npi for c in by_prices(asked, prices).candidates]
    dearer = {**prices, npi: tuple(price + 7 for price in prices[npi])}
    after = [c.npi for c in by_prices(asked, dearer).candidates]
    if npi in before:
        assert after.index(npi) >= before.index(npi)
