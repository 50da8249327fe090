"""RouteReferral decides by cost + price over a published market, and reads little of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from referral_core.domain.directory import Practitioner
from referral_core.domain.events import Event, EventKind, OfferFacts
from referral_core.domain.lifecycle import Status
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.explanation import policy_of, reason_of, summary_of
from referral_core.domain.routing.published import PublishedMarket
from referral_core.lifecycle.routing.proposal import proposed
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, START, TENANT
from tests.unit.domain.routing.markets import a_market
from tests.unit.domain.routing.practitioners import a_practitioner, km_north
from tests.unit.lifecycle.steps.routed import Routed

WEEKS = weeks_from(START.date(), 8)
SPECIALTY = "207RG0100X"


def dear(points: float) -> tuple[float, ...]:
    return (points,) * len(WEEKS)


class Priced(Routed):
    """A world in which a market is published before the referral comes."""

    def __init__(
        self, *practitioners: Practitioner, market: PublishedMarket | None, **fields: Any
    ) -> None:
        self.reads: Counter[str] = Counter()
        self._published = market
        super().__init__(*practitioners, **fields)

    def _listen(self) -> None:
        super()._listen()
        directory = self.directory
        directory.market = lambda *_: self._counted("market", self._market())  # type: ignore[method-assign,misc]
        for name in ("practitioners", "listed", "reserved"):
            setattr(directory, name, self._counting(name, getattr(directory, name)))

    def _market(self) -> PublishedMarket | None:
        if self._published is None:
            return None
        entries = {p.npi: p for p in self.directory._records if isinstance(p, Practitioner)}
        return self._published.but(
            services=tuple(
                s.but(practitioner=entries.get(s.practitioner.npi, s.practitioner))
                for s in self._published.services
            )
        )

    def _counted(self, name: str, value: Any) -> Any:
        self.reads[name] += 1
        return value

    def _counting(self, name: str, read: Any) -> Any:
        return lambda *args: self._counted(name, read(*args))

    @property
    def routed(self) -> OfferFacts:
        found: list[Event] = [
            e for e in self.referrals.events(TENANT, REFERRAL) if e.kind is EventKind.ROUTED
        ]
        facts = found[-1].facts
        assert isinstance(facts, OfferFacts)
        return facts


def two() -> list[Practitioner]:
    """Return the better of two and the other, of the next tier: some twelve points."""
    return [a_practitioner("1", tier=1), a_practitioner("2", tier=2)]


@pytest.mark.parametrize(("price", "chosen"), [(0.0, "1"), (10.0, "1"), (13.0, "2"), (90.0, "2")])
def test_a_scarce_place_is_left_to_who_has_no_other(price: float, chosen: str) -> None:
    market = a_market(*two(), prices={"1": dear(price)}, weeks=WEEKS)
    world = Priced(*two(), market=market)
    assert world.decision.chosen == chosen
    assert world.decision.policy == "bid-prices/4"
    assert world.decision.price_version == "solve-7"
    assert (world.routed.policy, world.routed.price_version) == ("bid-prices/4", "solve-7")


def test_the_decision_of_the_document_is_told_in_its_words() -> None:
    near, farther = a_practitioner("1", **km_north(3)), a_practitioner("2", **km_north(11))
    who = (near, farther, a_practitioner("3", networks=("pioneer",)))
    market = a_market(*who, prices={"1": dear(24.0), "2": dear(3.0)}, weeks=WEEKS)
    decision = Priced(*who, market=market).decision
    document = (Path(__file__).parents[4] / "docs/routing.md").read_text(encoding="utf-8")
    for rank, candidate in enumerate(decision.candidates, 1):
        assert f"| {rank} | {candidate['npi']} | {reason_of(candidate)} |" in document
    assert f"| excluded | 3 | {decision.exclusions['3']} |" in document
    assert policy_of(decision) in document
    summary, _, _ = summary_of(decision, "Dr. Baker").partition(":")
    assert f"{summary}. By " in document


def test_the_week_is_the_one_of_the_least_cost_and_price() -> None:
    """A week costs a good four points of waiting: this week's place is dearer than that."""
    only = a_practitioner("1")
    market = a_market(only, prices={"1": (9.0, *dear(0.0)[1:])}, weeks=WEEKS)
    world = Priced(only, market=market)
    offer = world.referral.offer
    assert offer is not None
    assert offer.reservation is not None
    assert offer.reservation.week == WEEKS[1]


def test_no_price_keeps_a_patient_waiting() -> None:
    only = a_practitioner("1")
    world = Priced(only, market=a_market(only, prices={"1": dear(300.0)}, weeks=WEEKS))
    assert world.decision.chosen == "1"


def test_a_pathway_may_keep_places_for_who_needs_them_more() -> None:
    only, rules = a_practitioner("1"), pathway("generic-specialist", 1)
    market = a_market(only, prices={"1": dear(300.0)}, weeks=WEEKS)
    keeping = rules.but(routing=rules.routing.but(keeps_places=True))
    world = Priced(only, market=market, rules=keeping)
    assert world.decision.chosen is None
    assert world.referral.status is Status.WAITLISTED


def test_a_place_that_is_kept_is_none_though_somebody_wishes_it() -> None:
    only, rules = a_practitioner("1"), pathway("generic-specialist", 1)
    market = a_market(only, prices={"1": dear(300.0)}, weeks=WEEKS)
    keeping = rules.but(routing=rules.routing.but(keeps_places=True))
    world = Priced(only, market=market, rules=keeping)
    ranking = proposed(world.engine.case(world.referral), WEEKS, also=("1",)).ranking
    assert ranking.candidates == ()
    assert "kept for patients who need them more" in ranking.exclusions["1"]


def test_stale_prices_are_not_used_and_the_decision_says_so() -> None:
    stale = a_market(*two(), prices={"1": dear(90.0)}, weeks=WEEKS).but(
        valid_until=START - timedelta(minutes=1)
    )
    world = Priced(*two(), market=stale)
    assert world.decision.chosen == "1"
    assert (world.routed.policy, world.routed.price_version) == ("greedy-cost/1", None)


def test_what_the_directory_says_now_counts_more_than_what_was_published() -> None:
    """Published when the first one still took patients and the second one had no place."""
    first, second = a_practitioner("1"), a_practitioner("2", tier=3)
    market = a_market(first, second, left={"2": (0,) * len(WEEKS)}, weeks=WEEKS)
    world = Priced(first, second, market=market, reserved={"1": dict.fromkeys(WEEKS, 5)})
    assert world.decision.chosen == "2"
    assert world.decision.exclusions == {"1": "no capacity"}


@pytest.mark.parametrize("size", [30, 300])
def test_a_decision_reads_as_much_of_a_large_directory_as_of_a_small_one(size: int) -> None:
    everybody = [a_practitioner(f"{n:04d}", **km_north(n % 70)) for n in range(size)]
    world = Priced(*everybody, market=a_market(*everybody, weeks=WEEKS))
    assert world.reads["market"] == 1
    assert world.reads["listed"] == 1
    assert world.reads["practitioners"] == 0
    assert len(world.ranked) == 20


def test_the_first_referral_of_a_specialty_puts_its_market_up_for_publishing() -> None:
    world = Priced(*two(), market=None)
    ((_, specialty),) = world.referrals.open_markets
    ((_, kept),) = world.referrals.demands.items()
    (demand,) = kept.values()
    assert demand.specialty == specialty
    assert (demand.latitude, demand.longitude) == (42.26, -71.8)
    published = Priced(*two(), market=a_market(*two(), weeks=WEEKS))
    assert not published.referrals.open_markets


def test_a_referral_that_is_routed_again_counts_once() -> None:
    world = Priced(*two(), market=None)
    before = dict(next(iter(world.referrals.demands.values())))
    world.clock.move(timedelta(days=1))
    world.decline()
    assert next(iter(world.referrals.demands.values())) == before
