"""Publishing: what was asked of a market becomes prices, each market by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.markets import MemoryMarkets
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.routing.demand import KeptDemand
from referral_core.domain.terminology import Priority
from referral_core.entrypoints.price_publication import PublishPrices
from referral_core.pathways import pathway
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import WORCESTER, a_practitioner

SKIN, HEART = "207N00000X", "207RC0000X"


class Office:
    """A directory, what was asked of its markets, and the function that publishes them."""

    def __init__(self, *practitioners: Practitioner) -> None:
        self.clock = ManualClock(START)
        self.referrals = MemoryReferrals()
        self.markets = MemoryMarkets(self.referrals)
        entries = [p.but(tenant=TENANT) for p in practitioners]
        directory = MemoryDirectory(self.referrals, entries)
        self.publisher = PublishPrices(self.markets, directory, pathway, self.clock)

    def asked(self, count: int, *, days_ago: int = 7, specialty: str = SKIN) -> None:
        """Have some referrals ask for a specialty."""
        kept = self.referrals.demands[TENANT, specialty]
        for _ in range(count):
            kept[ReferralId(f"r{len(kept)}")] = KeptDemand(
                specialty=specialty,
                at=self.clock.now() - timedelta(days=days_ago),
                payer="harbor",
                latitude=WORCESTER[0],
                longitude=WORCESTER[1],
                language="en",
                level=Priority.ROUTINE,
                pathway="generic-specialist",
                pathway_version=1,
            )
        self.referrals.open_markets[TENANT, specialty] = (specialty,)

    def prices(self, npi: str, specialty: str = SKIN) -> tuple[float, ...]:
        market = self.markets.published(TENANT, specialty)
        assert market is not None
        return market.by_id[npi].prices


def a_dermatologist(npi: str, **fields: object) -> Practitioner:
    return a_practitioner(npi, **{"specialty": SKIN, "weekly_capacity": 1, **fields})


def test_a_place_that_many_will_want_has_a_price_and_one_for_all_has_none() -> None:
    scarce = Office(a_dermatologist("1", tier=1), a_dermatologist("2", tier=2, weekly_capacity=99))
    scarce.asked(30)
    assert scarce.publisher.tick() == {"published": 1, "failed": 0, "left": 0}
    assert max(scarce.prices("1")) > 0
    assert set(scarce.prices("2")) == {0.0}


def test_what_is_reserved_makes_the_rest_dearer() -> None:
    def price_with(held: int) -> float:
        office = Office(a_dermatologist("1", weekly_capacity=3))
        office.asked(10)
        market_weeks = {f"2026-W{n:02d}": held for n in range(10, 26)}
        office.referrals.reserved.update({(TENANT, "1", w): n for w, n in market_weeks.items()})
        office.publisher.tick()
        return sum(office.prices("1"))

    assert price_with(0) < price_with(2)


def test_a_solve_moves_what_was_published_by_half() -> None:
    office = Office(a_dermatologist("1"))
    office.asked(60)
    office.publisher.tick()
    first = office.prices("1")
    office.referrals.demands[TENANT, SKIN].clear()
    office.asked(1)
    office.publisher.tick()
    second = office.prices("1")
    fresh = Office(a_dermatologist("1"))
    fresh.asked(1)
    fresh.publisher.tick()
    for old, new, now in zip(first, fresh.prices("1"), second, strict=True):
        assert now == pytest.approx(old + 0.5 * (new - old), abs=0.01)


def test_a_market_in_which_nobody_was_referred_is_published_without_prices() -> None:
    office = Office(a_dermatologist("1"))
    office.asked(0)
    office.publisher.tick()
    market = office.markets.published(TENANT, SKIN)
    assert market is not None
    assert market.price_list is None
    assert [s.practitioner.npi for s in market.services] == ["1"]


def test_what_was_asked_long_ago_is_forgotten() -> None:
    office = Office(a_dermatologist("1"))
    office.asked(60, days_ago=8 * 7 * 2 + 1)
    office.publisher.tick()
    market = office.markets.published(TENANT, SKIN)
    assert market is not None
    assert market.price_list is None


def test_a_market_that_fails_keeps_no_other_from_being_published() -> None:
    office = Office(a_dermatologist("1"), a_practitioner("2", specialty=HEART))
    office.asked(1)
    office.asked(1, specialty=HEART)
    broken = office.referrals.demands[TENANT, SKIN]
    broken[ReferralId("bad")] = next(iter(broken.values())).but(pathway="no-such-pathway")
    assert office.publisher.tick() == {"published": 1, "failed": 1, "left": 0}
    assert office.markets.published(TENANT, HEART) is not None


def test_the_market_that_waits_for_the_longest_comes_first() -> None:
    office = Office(a_dermatologist("1"), a_practitioner("2", specialty=HEART))
    office.asked(1)
    office.publisher.tick()
    office.clock.move(timedelta(minutes=15))
    office.asked(1, specialty=HEART)
    turns = iter((True, False))
    assert office.publisher.tick(lambda: next(turns)) == {"published": 1, "failed": 0, "left": 1}
    newest = office.markets.published(TENANT, HEART)
    assert newest is not None
    assert newest.published_at == office.clock.now()


def test_a_place_that_opens_in_a_full_week_owes_nothing_to_the_time_before() -> None:
    # Given a week that was full when prices were published
    full = {f"2026-W{n:02d}": 1 for n in range(10, 26)}
    office = Office(a_dermatologist("1"))
    office.asked(60)
    office.referrals.reserved.update({(TENANT, "1", week): n for week, n in full.items()})
    office.publisher.tick()
    assert set(office.prices("1")) == {0.0}
    # When its place is given back
    office.referrals.reserved.clear()
    office.publisher.tick()
    # Then it is worth what it is worth now
    fresh = Office(a_dermatologist("1"))
    fresh.asked(60)
    fresh.publisher.tick()
    assert office.prices("1") == fresh.prices("1")
    assert max(office.prices("1")) > 0


def test_only_the_weeks_that_are_drawn_from_are_read() -> None:
    """Twice as far back as the pathways look ahead, which is less than what is kept."""
    office = Office(a_dermatologist("1"))
    office.asked(3)
    asked_since = []
    read = office.markets.demands

    def watched(tenant: Tenant, specialty: str, since: datetime) -> Sequence[KeptDemand]:
        asked_since.append(since)
        return read(tenant, specialty, since)

    office.markets.demands = watched  # type: ignore[method-assign]
    office.publisher.tick()
    ahead = pathway("generic-specialist", 1).routing.weeks_ahead
    assert min(asked_since) == START - timedelta(weeks=2 * max(ahead, 8))
