"""The watchdog: fair to all, patient with what fails, and loud about what it does not get done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.errors import Conflict, Retryable, StaleRun, TooLarge
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.run import pause_after
from referral_core.domain.unmatched import Mismatch, Unmatched, of_standing
from referral_core.entrypoints.watchdog import HOPELESS, Watchdog
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral


class Bench:
    """Three due referrals; `failing` says what processing one of them raises."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW + timedelta(days=1))
        self.referrals = MemoryReferrals()
        for name in ("r1", "r2", "r3"):
            self.referrals.accept([a_new_referral(a_referral(name))])
        self.failing: dict[str, Exception] = {}
        self.processed: list[str] = []
        self.unmatched = MemoryUnmatched()
        self.watchdog = Watchdog(self._process, self.referrals, self.clock, self._last_resort)

    def _process(self, _tenant: Tenant, referral_id: ReferralId) -> str:
        self.processed.append(referral_id)
        if referral_id in self.failing:
            raise self.failing[referral_id]
        return "restarted"

    def _last_resort(self, tenant: Tenant, referral_id: ReferralId) -> None:
        self.unmatched.keep(of_standing(tenant, referral_id, self.clock.now()))

    def standing(self) -> list[tuple[str, Mismatch]]:
        """What lies on the worklist beside the referrals."""
        page, _ = self.unmatched.waiting(TENANT, 9)
        return [(item.candidates[0].referral_id, item.mismatch) for item in page]

    def hours(self, count: int) -> None:
        for _ in range(count):
            self.watchdog.tick()
            self.clock.move(timedelta(hours=1))


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {
        name: line[name][0]
        for line in lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        for name in [metric["Name"]]
    }


def test_what_fails_rests_longer_each_time_and_does_not_hide_the_others() -> None:
    # Given one referral that can never be processed
    bench = Bench()
    bench.failing = {"r1": ValueError("poison")}
    tried: list[datetime] = []
    for _ in range(200):
        bench.processed.clear()
        bench.watchdog.tick()
        assert {"r2", "r3"} <= set(bench.processed)
        if "r1" in bench.processed:
            tried.append(bench.clock.now())
        bench.clock.move(timedelta(minutes=1))
    pauses = [(b - a) / timedelta(minutes=1) for a, b in pairwise(tried)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("error", [TooLarge("no write fits"), ValueError("poison"), Retryable()])
def test_what_fails_again_and_again_is_on_a_worklist_in_an_item_of_its_own(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench()
    bench.failing = {"r2": error}
    bench.hours(HOPELESS - 1)
    assert not bench.standing()
    assert "LastResorts" not in measured(capsys)
    bench.hours(3)
    assert bench.standing() == [("r2", Mismatch.REFERRAL_STANDS)]
    assert measured(capsys)["LastResorts"] == 1


def test_who_dismisses_it_and_mends_nothing_sees_it_tomorrow() -> None:
    bench = Bench()
    bench.failing = {"r2": TooLarge("no write fits")}
    bench.hours(HOPELESS)
    (item,) = bench.unmatched.items.values()
    bench.unmatched.settle(item.but(settled_at=NOW, settled_by="maria"))
    bench.hours(2)
    assert not bench.standing()
    bench.hours(24)
    assert bench.standing() == [("r2", Mismatch.REFERRAL_STANDS)]


def test_a_last_resort_that_is_throttled_is_tried_again_and_holds_up_nobody() -> None:
    bench = Bench()
    bench.failing = {"r2": TooLarge("no write fits")}
    bench.hours(HOPELESS - 1)
    keep, tried = bench.unmatched.keep, []

    def throttled(item: Unmatched) -> None:
        tried.append(item)
        raise Retryable

    bench.unmatched.keep = throttled  # type: ignore[method-assign]
    bench.hours(1)
    bench.unmatched.keep = keep  # type: ignore[method-assign]
    assert tried
    bench.processed.clear()
    bench.hours(1)
    assert bench.standing() == [("r2", Mismatch.REFERRAL_STANDS)]
    assert {"r1", "r3"} <= set(bench.processed)


def test_the_last_resort_fits_whatever_the_referral_is_called() -> None:
    item = of_standing(Tenant("t" * 64), ReferralId("r" * 48), NOW)
    assert len(item.model_dump_json()) < 1024


def test_it_never_rests_for_more_than_an_hour() -> None:
    assert pause_after(1) == timedelta(minutes=1)
    assert pause_after(1000) == timedelta(hours=1)


@pytest.mark.parametrize("error", [Conflict("first"), StaleRun("newer")])
def test_what_somebody_else_moved_has_not_failed(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench()
    bench.failing = {"r2": error}
    assert bench.watchdog.tick() == {"restarted": 2, "moved": 1}
    assert "DueFailed" not in measured(capsys)
    assert len(list(bench.referrals.due(bench.clock.now(), 10))) == 3


def test_what_failed_and_what_is_left_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    bench.failing = {"r1": Retryable("throttled")}
    since = min(r.referral.due_at for r in bench.referrals.all())
    bench.watchdog.tick()
    found = measured(capsys)
    assert (found["DueProcessed"], found["DueFailed"]) == (2, 1)
    assert found["OldestDue"] == (bench.clock.now() - since).total_seconds()


def test_a_minute_in_which_nothing_is_due_measures_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    empty = Watchdog(lambda *_: "never", MemoryReferrals(), ManualClock(NOW), lambda *_: None)
    assert empty.tick() == {}
    assert measured(capsys) == {}


def test_no_referral_is_begun_for_which_there_is_no_time() -> None:
    bench = Bench()
    time = iter([True, True, False])
    assert bench.watchdog.tick(lambda: next(time)) == {"restarted": 2}
    assert len(bench.processed) == 2


def test_what_cannot_be_read_fails_the_tick_after_the_others_are_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given an index of which one shard throttles
    class Throttled(MemoryReferrals):
        def due(self, before: datetime, limit: int) -> Iterator[tuple[Tenant, ReferralId]]:
            yield from super().due(before, limit)
            raise Retryable("What is due could not be read")

    bench = Bench()
    bench.referrals.__class__ = Throttled
    with pytest.raises(Retryable):
        bench.watchdog.tick()
    assert len(bench.processed) == 3
    assert measured(capsys)["DueProcessed"] == 3


def test_a_referral_that_cannot_be_set_back_stays_due(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.failing = {"r1": ValueError("Doe-Roe")}

    def throttled(*_: Any) -> None:
        raise Retryable("throttled")

    bench.referrals.set_back = throttled  # type: ignore[method-assign]
    assert bench.watchdog.tick() == {"failed": 1, "restarted": 2}
    assert "Doe-Roe" not in str([vars(record) for record in caplog.records])
