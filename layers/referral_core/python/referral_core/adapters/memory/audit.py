"""The audit trail in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from referral_core.domain.audit import AuditEntry
from referral_core.domain.ids import ReferralId, Tenant


class MemoryAuditTrail:
    """Keeps entries in the order in which they came. Attributes: entries: all of them."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Keep entries, each once."""
        known = {(e.id, e.referral_id) for e in self.entries}
        self.entries += [e for e in entries if (e.id, e.referral_id) not in known]

    def of_referral(
        self, tenant: Tenant, referral_id: ReferralId, since: datetime, limit: int
    ) -> Sequence[AuditEntry]:
        """List the entries of a referral from an instant on, the latest first."""
        found = [
            entry
            for entry in self.entries
            if (entry.tenant, entry.referral_id) == (tenant, referral_id) and entry.at >= since
        ]
        return sorted(found, key=lambda e: e.at, reverse=True)[:limit]
