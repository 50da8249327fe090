"""The record is the outbox: a new run asks for an execution, a new notice for its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from referral_core.domain.run import NoticeRequest

if TYPE_CHECKING:
    from referral_core.domain.run import Projected
    from referral_core.entrypoints.stream import Image
    from referral_core.ports import Notices, Workflow


@dataclass(frozen=True)
class Outbox:
    """Does what a referral's new projection asks for; doing it twice is doing it once.

    Attributes:
        notices: called when there is one to queue: most projections have none.
        read: reads the projection in an image of its item.
    """

    workflow: Workflow
    notices: Callable[[], Notices]
    read: Callable[[Image], Projected]

    def publish(self, old: Image | None, new: Image) -> None:
        """Compare the two images of a referral's projection and act on what is new.

        Raises:
            Retryable: a service is down or throttles: the record is to come again. Should it not,
                the watchdog finds the referral, or its notice, due.
        """
        projected = self.read(new)
        if not projected.is_closed and (old is None or old["run"] != new["run"]):
            self.workflow.start(projected)
        if new.get("notice_asks") == (old or {}).get("notice_asks"):
            return
        known = self.read(old).asks if old is not None else {}
        for number, ask in projected.asks.items():
            if ask > known.get(number, 0):
                self.notices().enqueue(
                    NoticeRequest(
                        tenant=projected.tenant,
                        referral_id=projected.id,
                        ehr=projected.referrer,
                        notice=number,
                        ask=ask,
                    )
                )
