"""The watchdog: every minute it processes what is due, so that nothing stands still unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from referral_core.domain.errors import Conflict, StaleRun
from referral_core.observability import logger, measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from referral_core.domain.ids import ReferralId, Tenant
    from referral_core.ports.lifecycle import Clock, DueIndex

HOPELESS: Final = 6
"""Failures in a row, an hour's worth, after which a person is told beside the referral's own list:
no write of the referral may be possible any more."""
_A_PAGE: Final = 50
"""Due referrals read at once from one shard of the due index."""
FAILED: Final = "failed"
MOVED: Final = "moved"


@dataclass(frozen=True)
class Watchdog:
    """Processes due referrals; one that fails does not keep the others waiting.

    Attributes:
        process: processes one due referral and names what was done; the engine loads with the
            first call, since in most minutes nothing is due.
        last_resort: puts on a worklist that a referral fails again and again, in an item of its
            own; done twice a day, it is done once.
    """

    process: Callable[[Tenant, ReferralId], str]
    referrals: DueIndex
    clock: Clock
    last_resort: Callable[[Tenant, ReferralId], None]

    def tick(self, has_time: Callable[[], bool] = lambda: True) -> dict[str, int]:
        """Process everything that is due now, as far as the time goes.

        Args:
            has_time: whether another referral may be begun.

        Returns:
            How many referrals were processed, by what was done.

        Raises:
            Retryable: some of what is due could not be read; the rest was processed.
        """
        now = self.clock.now()
        done: Counter[str] = Counter()
        try:
            for tenant, referral_id in self.referrals.due(now, _A_PAGE):
                if not has_time():
                    break
                done[self._process(tenant, referral_id)] += 1
        finally:
            if done:
                self._report(done, now)
        return dict(done)

    def _process(self, tenant: Tenant, referral_id: ReferralId) -> str:
        try:
            return self.process(tenant, referral_id)
        except (Conflict, StaleRun):
            return MOVED  # by somebody else; still due, the next tick sees it again
        except Exception as error:  # noqa: BLE001 - the outermost place: one must not hide all
            logger.error(
                "due referral not processed",
                extra={"referral_id": referral_id, "error": type(error).__name__},
            )
        try:
            failures = self.referrals.set_back(tenant, referral_id, self.clock.now())
            if failures >= HOPELESS:
                self.last_resort(tenant, referral_id)
                measure("LastResorts", 1, "Count")
        except Exception as error:  # noqa: BLE001 - it stays due: the next tick sees it again
            logger.warning("due referral not set back", extra={"error": type(error).__name__})
        return FAILED

    def _report(self, done: Counter[str], now: datetime) -> None:
        """Say what was done, what failed, and how long the oldest has waited that is left."""
        logger.info("due referrals processed", extra={"processed": dict(done)})
        measure("DueProcessed", done.total() - done[FAILED], "Count")
        if done[FAILED]:
            measure("DueFailed", done[FAILED], "Count")
        oldest = self.referrals.oldest(now)
        if oldest is not None:
            measure("OldestDue", (now - oldest).total_seconds(), "Seconds")
