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
from referral_core.domain.errors import Conflict, Retryable, StaleRun
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.run import pause_after
from referral_core.entrypoints.watchdog import Watchdog
from tests.unit.builders import NOW, a_new_referral, a_referral


class Bench:
    """Three due referrals; `failing` says what processing one of them raises."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW + timedelta(days=1))
        self.referrals = MemoryReferrals()
        for name in ("r1", "r2", "r3"):
            self.referrals.accept([a_new_referral(a_referral(name))])
        self.failing: dict[str, Exception] = {}
        self.processed: list[str] = []
        self.watchdog = Watchdog(self._process, self.referrals, self.clock)

    def _process(self, _tenant: Tenant, referral_id: ReferralId) -> str:
        self.processed.append(referral_id)
        if referral_id in self.failing:
            raise self.failing[referral_id]
        return "restarted"


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
    empty = Watchdog(lambda *_: "never", MemoryReferrals(), ManualClock(NOW))
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
