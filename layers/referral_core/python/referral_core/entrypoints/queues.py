"""Every four minutes: how much waits in each queue of the cell, for how long, and what is paused.

Once an hour what no event carries becomes rows of the lake as well, a tenant and hour each. The
functions say it as metrics when their invocations end (`metering.py`); here the hourly sums are
read back. A count may come late, and a run may be missed: each writes the last day again, and of
the rows of an hour that one counts which was recorded last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from referral_core.domain.lifecycle import Queue
from referral_core.domain.money.overhead import shared_out
from referral_core.domain.pause import PauseScope
from referral_core.domain.queue_gauge import QueueGauge
from referral_core.observability import Measured, measure, measure_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from referral_core.domain.ids import Tenant
    from referral_core.domain.money.overhead import Overhead
    from referral_core.domain.pause import Pause
    from referral_core.ports.lake import LakeRows
    from referral_core.ports.lifecycle import Clock

ALL: Final = "all"
"""The dimension of all queues together: what one alarm watches."""
_HOURS: Final = 24
_FROM_MINUTE, _UNTIL_MINUTE = 8, 16
"""Queues are counted every four minutes: two of the counts fall into these eight, by when the last
hour's metrics have come."""


class QueueGauges(Protocol):
    """What waits in each queue: counted anew, so that it cannot drift from what is."""

    def tenants(self) -> Sequence[Tenant]:
        """List the tenants. Raises: Retryable."""

    def gauge(self, tenant: Tenant, queue: Queue, now: datetime) -> QueueGauge:
        """Count what waits in one queue. Raises: Retryable."""


class PauseList(Protocol):
    """What operations hold back."""

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List a tenant's pauses. Raises: Retryable."""


class OverheadMetrics(Protocol):
    """What the functions said that no event carries."""

    def hours(self, since: datetime, until: datetime) -> Sequence[Overhead]:
        """List the hours in which something was said. Raises: Retryable."""


@dataclass(frozen=True)
class RecordOverhead:
    """Brings overhead into the lake."""

    metrics: OverheadMetrics
    lake: LakeRows

    def record(self, now: datetime, open_by_tenant: Mapping[Tenant, int]) -> int:
        """Write the rows of the last day's hours, when it is time; return how many.

        Args:
            now: the business instant.
            open_by_tenant: referrals open now: by them the cell's overhead is shared out.

        Raises:
            Retryable: metrics or lake are away; the next run writes the same hours.
        """
        from referral_core.reporting.rows import overhead_row  # noqa: PLC0415 - twice an hour

        if not _FROM_MINUTE <= now.minute < _UNTIL_MINUTE or not open_by_tenant:
            return 0
        until = now.replace(minute=0, second=0, microsecond=0)
        rows = [
            overhead_row(tenant, found.hour, units, now)
            for found in self.metrics.hours(until - timedelta(hours=_HOURS), until)
            for tenant, units in shared_out(found.units, open_by_tenant).items()
        ]
        if rows:
            self.lake.put(rows)
        return len(rows)


@dataclass(frozen=True)
class MeasureQueues:
    """Counts what waits and what is paused: figures are of all tenants of the cell.

    Attributes:
        pauses: a pause is the breaker of a partner or a channel; people open and close it.
        overhead: shares out by what it counted; None: nothing is shared out.
    """

    gauges: QueueGauges
    clock: Clock
    pauses: PauseList
    overhead: RecordOverhead | None = None

    def measure(self) -> dict[str, int]:
        """Count every queue.

        Returns:
            Queue → open referrals.

        Raises:
            Retryable: the table is down or throttles; the next count follows.
        """
        now, tenants = self.clock.now(), self.gauges.tenants()
        open_by_tenant = dict.fromkeys(tenants, 0)
        total, found = QueueGauge(), dict[str, int]()
        for queue in Queue:
            gauge = QueueGauge()
            for tenant in tenants:
                theirs = self.gauges.gauge(tenant, queue, now)
                gauge = gauge.with_those_of(theirs)
                open_by_tenant[tenant] += theirs.open
            _emit(queue.value, gauge, now)
            total, found[queue.value] = total.with_those_of(gauge), gauge.open
        _emit(ALL, total, now)
        self._measure_pauses(tenants)
        if self.overhead:
            self.overhead.record(now, open_by_tenant)
        return {**found, ALL: total.open}

    def _measure_pauses(self, tenants: Sequence[Tenant]) -> None:
        """Emit how many pauses there are of each scope: none of one is a zero, and not silence."""
        paused = Counter(pause.scope for tenant in tenants for pause in self.pauses.pauses(tenant))
        for scope in PauseScope:
            measure("Pauses", paused[scope], "Count", scope=scope.value)


def _emit(queue: str, gauge: QueueGauge, now: datetime) -> None:
    measure_all(
        {
            "OpenReferrals": Measured(gauge.open),
            "OldestReferral": Measured(gauge.age(now).total_seconds(), "Seconds"),
            "OpenWorkItems": Measured(gauge.items),
            "OverdueWorkItems": Measured(gauge.overdue),
            "OldestOverdue": Measured(gauge.late(now).total_seconds(), "Seconds"),
        },
        queue=queue,
    )
