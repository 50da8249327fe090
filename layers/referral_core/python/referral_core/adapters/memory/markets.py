"""Markets in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.ids import Tenant
from referral_core.domain.routing.demand import KeptDemand, OpenMarket
from referral_core.domain.routing.published import PublishedMarket


class MemoryMarkets:
    """The markets of a MemoryReferrals."""

    def __init__(self, referrals: MemoryReferrals) -> None:
        """Take the record that the demands are written to."""
        self._referrals = referrals

    def open_markets(self) -> Iterable[OpenMarket]:
        """Iterate over the markets of all tenants."""
        for (tenant, specialty), accepts in list(self._referrals.open_markets.items()):
            yield OpenMarket(tenant=tenant, specialty=specialty, accepts=accepts)

    def demands(self, tenant: Tenant, specialty: str, since: datetime) -> Sequence[KeptDemand]:
        """List what referrals asked of a market from a moment on."""
        found = self._referrals.demands[tenant, specialty].values()
        return sorted((d for d in found if d.at >= since), key=lambda d: d.at)

    def published(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read what was published last."""
        return self._referrals.markets.get((tenant, specialty))

    def publish(self, tenant: Tenant, market: PublishedMarket) -> None:
        """Write a market anew."""
        self._referrals.markets[tenant, market.specialty] = market
