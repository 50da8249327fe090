"""What waits in each queue, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.queue_gauge import QueueGauge


class MemoryQueueGauges:
    """Counts the referrals of a MemoryReferrals, each of them: the recount of the indexes."""

    def __init__(self, referrals: MemoryReferrals, tenants: Sequence[Tenant]) -> None:
        """Take the referrals, and the tenants that there are."""
        self._referrals = referrals
        self._tenants = tenants

    def tenants(self) -> Sequence[Tenant]:
        """List the tenants."""
        return self._tenants

    def gauge(self, tenant: Tenant, queue: Queue, now: datetime) -> QueueGauge:
        """Count what waits in one queue, to the second as the indexes know it."""
        found = [
            r
            for r in (state.referral for state in self._referrals.all())
            if r.tenant == tenant and r.queue is queue and not r.is_closed
        ]
        received = [r.received_at.replace(microsecond=0) for r in found]
        due = [r.item_due_at.replace(microsecond=0) for r in found if r.item_due_at is not None]
        return QueueGauge(
            open=len(found),
            oldest=min(received, default=None),
            items=len(due),
            overdue=sum(at < now.replace(microsecond=0) for at in due),
            first_due=min(due, default=None),
        )
