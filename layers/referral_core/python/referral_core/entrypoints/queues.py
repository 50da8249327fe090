"""Every four minutes: how much waits in each queue of the cell, and for how long, as metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from referral_core.domain.lifecycle import Queue
from referral_core.domain.queue_gauge import QueueGauge
from referral_core.observability import Measured, measure_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from referral_core.domain.ids import Tenant
    from referral_core.ports.lifecycle import Clock

ALL: Final = "all"
"""The dimension of all queues together: what one alarm watches."""


class QueueGauges(Protocol):
    """What waits in each queue: counted anew, so that it cannot drift from what is."""

    def tenants(self) -> Sequence[Tenant]:
        """List the tenants. Raises: Retryable."""

    def gauge(self, tenant: Tenant, queue: Queue, now: datetime) -> QueueGauge:
        """Count what waits in one queue. Raises: Retryable."""


@dataclass(frozen=True)
class MeasureQueues:
    """Counts what waits and says so: a queue's figures are of all tenants of the cell."""

    gauges: QueueGauges
    clock: Clock

    def measure(self) -> dict[str, int]:
        """Count every queue.

        Returns:
            Queue → open referrals.

        Raises:
            Retryable: the table is down or throttles; the next count follows.
        """
        now, tenants = self.clock.now(), self.gauges.tenants()
        total, found = QueueGauge(), dict[str, int]()
        for queue in Queue:
            gauge = QueueGauge()
            for tenant in tenants:
                gauge = gauge.with_those_of(self.gauges.gauge(tenant, queue, now))
            _emit(queue.value, gauge, now)
            total, found[queue.value] = total.with_those_of(gauge), gauge.open
        _emit(ALL, total, now)
        return {**found, ALL: total.open}


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
