"""The watchdog: every minute it processes what is due, so that nothing stands still unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from referral_core.observability import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from referral_core.domain.ids import ReferralId, Tenant
    from referral_core.ports import Clock, DueIndex

_A_SHARD: Final = 50
"""Due referrals read at once from one shard of the due index."""


@dataclass(frozen=True)
class Watchdog:
    """Processes due referrals; one that fails does not keep the others waiting.

    Attributes:
        process: processes one due referral and names what was done; the engine loads with the
            first call, since in most minutes nothing is due.
    """

    process: Callable[[Tenant, ReferralId], str]
    referrals: DueIndex
    clock: Clock

    def tick(self) -> dict[str, int]:
        """Process everything that is due now.

        Returns:
            How many referrals were processed, by what was done.
        """
        done: Counter[str] = Counter()
        for tenant, referral_id in self.referrals.due(self.clock.now(), _A_SHARD):
            try:
                done[self.process(tenant, referral_id)] += 1
            except Exception as error:  # noqa: BLE001 - the outermost place: one must not hide all
                # It stays due: the next tick sees it again.
                done["failed"] += 1
                logger.warning(
                    "due referral not processed",
                    extra={"referral_id": referral_id, "error": type(error).__name__},
                )
        if done:
            logger.info("due referrals processed", extra={"processed": dict(done)})
        return dict(done)
