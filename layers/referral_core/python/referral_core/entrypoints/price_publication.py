"""Publish the markets: on a schedule, outside every request, each with its prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Protocol

from referral_core.domain.directory import Practitioner, one_each
from referral_core.domain.haste import hastened
from referral_core.domain.ids import Tenant
from referral_core.domain.pathway import Pathway
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.demand import KEPT_WEEKS, KeptDemand, OpenMarket
from referral_core.domain.routing.matching import CostModel
from referral_core.domain.routing.publication import (
    DEFAULT_WEEKS,
    Ledger,
    Weights,
    next_market,
    weeks_ahead,
)
from referral_core.domain.routing.published import PublishedMarket
from referral_core.observability import logger, measure
from referral_core.ports.lifecycle import Clock, Directory


class Markets(Protocol):
    """What prices are made of, and where they are published."""

    def open_markets(self) -> Iterable[OpenMarket]:
        """Iterate over the markets of all tenants."""

    def demands(self, tenant: Tenant, specialty: str, since: datetime) -> Sequence[KeptDemand]:
        """List what referrals asked of a market from a moment on, in the order of time."""

    def published(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read what was published last; None: nothing was."""

    def publish(self, tenant: Tenant, market: PublishedMarket) -> None:
        """Write a market anew. Raises: Retryable."""


@dataclass(frozen=True)
class PublishPrices:
    """Publishes every market that somebody was ever referred in; one that fails stops no other.

    Attributes:
        pathways: a pathway version by id and version.
    """

    markets: Markets
    directory: Directory
    pathways: Callable[[str, int], Pathway]
    clock: Clock

    def tick(self, has_time: Callable[[], bool] = lambda: True) -> dict[str, int]:
        """Publish the markets, those first that were published the longest ago.

        Args:
            has_time: whether another market may be begun.

        Returns:
            How many markets were published, failed, or are left for the next time.
        """
        found = sorted(self.markets.open_markets(), key=self._published_at)
        done = {"published": 0, "failed": 0, "left": 0}
        for market in found:
            done[self._published(market) if has_time() else "left"] += 1
        logger.info("markets published", extra=dict(done))
        if found:
            measure("MarketsPublished", done["published"], "Count")
            measure("MarketsNotPublished", done["failed"] + done["left"], "Count")
        return done

    def _published_at(self, market: OpenMarket) -> tuple[str, str, str]:
        before = self.markets.published(market.tenant, market.specialty)
        at = before.published_at.isoformat() if before else ""
        return at, market.tenant, market.specialty

    def _published(self, market: OpenMarket) -> str:
        try:
            self._publish(market)
        except Exception as error:  # noqa: BLE001 - the outermost place: one must not hide all
            logger.error(
                "market not published",
                extra={"specialty": market.specialty, "error": type(error).__name__},
            )
            return "failed"
        return "published"

    def _publish(self, market: OpenMarket) -> None:
        tenant, specialty, now = market.tenant, market.specialty, self.clock.now()
        weights = cache(self._weights)
        demands = self._demands(market, now, weights)
        practitioners = self._practitioners(market)
        weeks = weeks_from(now.date(), 2 * weeks_ahead(demands, weights))
        ledger = Ledger(
            specialty=specialty,
            practitioners=practitioners,
            reserved={p.npi: self.directory.reserved(tenant, p.npi, weeks) for p in practitioners},
            demands=demands,
            previous=self.markets.published(tenant, specialty),
        )
        self.markets.publish(tenant, next_market(ledger, now, weights))

    def _demands(self, market: OpenMarket, now: datetime, weights: Weights) -> Sequence[KeptDemand]:
        """Read what was asked in twice the weeks that its pathways look ahead, and no more."""
        read, ahead = 0, DEFAULT_WEEKS
        demands: Sequence[KeptDemand] = ()
        while read < ahead:
            since = now - timedelta(weeks=min(2 * ahead, KEPT_WEEKS))
            demands = self.markets.demands(market.tenant, market.specialty, since)
            read, ahead = ahead, weeks_ahead(demands, weights)
        return demands

    def _practitioners(self, market: OpenMarket) -> Sequence[Practitioner]:
        accepted = (self.directory.practitioners(market.tenant, one) for one in market.accepts)
        return list(one_each(chain.from_iterable(accepted)).values())

    def _weights(self, kept: KeptDemand) -> tuple[CostModel, int]:
        rule = hastened(self.pathways(kept.pathway, kept.pathway_version), kept.level).routing
        return CostModel.of_rule(rule), rule.weeks_ahead
