"""The audit trail in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

from referral_core.domain.access.audit import AuditEntry, Stretch
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
        self, tenant: Tenant, referral_id: ReferralId, stretch: Stretch
    ) -> Sequence[AuditEntry]:
        """List entries of a referral, the latest first."""
        key = (tenant, referral_id)
        return stretch.of(e for e in self.entries if (e.tenant, e.referral_id) == key)

    def of_day(self, tenant: Tenant, day: date, stretch: Stretch) -> Sequence[AuditEntry]:
        """List entries of a day (of UTC) that name no referral, the latest first."""
        key = (tenant, None, day)
        return stretch.of(
            e for e in self.entries if (e.tenant, e.referral_id, e.at.astimezone(UTC).date()) == key
        )
