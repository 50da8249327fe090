"""Once an hour overhead becomes rows of the lake; late counts and missed runs are made good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.pauses import MemoryPauses
from referral_core.adapters.memory.queue_gauges import MemoryQueueGauges
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.errors import Retryable
from referral_core.domain.ids import Tenant
from referral_core.domain.money.overhead import Overhead
from referral_core.entrypoints.queues import MeasureQueues, RecordOverhead
from tests.unit.builders import TENANT, a_new_referral, a_referral

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
OTHER = Tenant("hillside")
HOUR = timedelta(hours=1)
NO_PAUSES = MemoryPauses(MemoryDirectory(MemoryReferrals(), []))


class Metrics:
    """What was said, by hour."""

    def __init__(self, hours: Mapping[datetime, Mapping[str, int]]) -> None:
        self.said = dict(hours)

    def hours(self, since: datetime, until: datetime) -> Sequence[Overhead]:
        return [Overhead(h, u) for h, u in sorted(self.said.items()) if since <= h < until]


class Rows:
    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.taken.extend(rows)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_count_after_the_hour_writes_a_row_a_tenant_and_hour() -> None:
    rows = Rows()
    metrics = Metrics({at(-60): {"states": 0, "lambda_ms": 9}, NOON: {"lambda_ms": 1}})
    shares = {TENANT: 2, OTHER: 1}

    assert RecordOverhead(metrics, rows).record(at(8), shares) == 2

    told = {row["tenant"]: row for row in rows.taken}
    assert {name: row["lambda_ms"] for name, row in told.items()} == {TENANT: 6, OTHER: 3}
    for row in told.values():
        assert (row["event"], row["referral_id"], row["day"]) == ("overhead", None, "2026-03-06")
        assert row["occurred_ms"] == row["version"] * 3_600_000  # type: ignore[operator] # numbers
        assert datetime.fromtimestamp(row["occurred_ms"] / 1000, UTC) == at(-60)  # type: ignore[operator] # the same


@pytest.mark.parametrize("minute", [0, 4, 7, 16, 20, 59])
def test_the_other_counts_of_the_hour_write_nothing(minute: int) -> None:
    rows = Rows()
    assert (
        RecordOverhead(Metrics({at(-60): {"states": 1}}), rows).record(at(minute), {TENANT: 1}) == 0
    )
    assert rows.taken == []


def test_of_every_four_minutes_an_hour_holds_one_that_writes() -> None:
    for first in range(4):
        record = RecordOverhead(Metrics({at(-60): {"states": 1}}), Rows())
        assert any(record.record(at(minute), {TENANT: 1}) for minute in range(first, 60, 4))


def test_what_came_late_and_what_a_missed_run_left_is_written_by_the_next() -> None:
    hours = {NOON - n * HOUR: {"states": n} for n in range(1, 30)}
    rows = Rows()
    RecordOverhead(Metrics(hours), rows).record(at(12), {TENANT: 1})
    assert sorted(row["states"] for row in rows.taken) == list(range(1, 25))


def test_the_count_of_queues_shares_out_by_what_it_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    referrals, rows = MemoryReferrals(), Rows()
    for n, tenant in enumerate((TENANT, TENANT, TENANT, OTHER)):
        referral = a_referral(f"r{n}", tenant=tenant)
        referrals.accept([a_new_referral(referral, b"{}", f"r{n}")])
    overhead = RecordOverhead(Metrics({at(-60): {"read_units": 8}}), rows)
    gauges = MemoryQueueGauges(referrals, [TENANT, OTHER])

    MeasureQueues(gauges, ManualClock(at(9)), NO_PAUSES, overhead).measure()

    assert "OpenReferrals" in capsys.readouterr().out
    assert {row["tenant"]: row["read_units"] for row in rows.taken} == {TENANT: 6, OTHER: 2}


def test_queues_are_measured_though_the_lake_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    class Away(Rows):
        def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
            raise Retryable("away")

    overhead = RecordOverhead(Metrics({at(-60): {"states": 1}}), Away())
    gauges = MemoryQueueGauges(MemoryReferrals(), [TENANT])
    with pytest.raises(Retryable):
        MeasureQueues(gauges, ManualClock(at(9)), NO_PAUSES, overhead).measure()
    assert "OpenReferrals" in capsys.readouterr().out
