"""The watchdog: every minute it tends what is due, so that nothing stands still unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from referral_core.observability import logger
from referral_core.ports import Clock, Referrals
from referral_core.steps.engine import Engine

_A_SHARD: Final = 50
"""Due referrals read at once from one shard of the due index."""


@dataclass(frozen=True)
class Watchdog:
    """Tends due referrals; one that fails does not keep the others waiting."""

    engine: Engine
    referrals: Referrals
    clock: Clock

    def tick(self) -> dict[str, int]:
        """Tend everything that is due now.

        Returns:
            How many referrals were tended, by what was done.
        """
        done: Counter[str] = Counter()
        for tenant, referral_id in self.referrals.due(self.clock.now(), _A_SHARD):
            try:
                done[self.engine.tend(tenant, referral_id)] += 1
            except Exception as error:  # noqa: BLE001 - the outermost place: one must not hide all
                # It stays due: the next tick sees it again.
                done["failed"] += 1
                logger.warning(
                    "referral not tended",
                    extra={"referral_id": referral_id, "error": type(error).__name__},
                )
        if done:
            logger.info("tended", extra={"tended": dict(done)})
        return dict(done)
