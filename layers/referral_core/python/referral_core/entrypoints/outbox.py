"""The record is the outbox: a new run asks for an execution, a new notice for its delivery.

A place that became free, or a referral that joined the line for one, asks for the waitlist; a
clinic that closes, or leaves the directory, for a look at whoever is booked there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from referral_core.domain.run import NoticeRequest, WaitlistRequest

if TYPE_CHECKING:
    from referral_core.domain.run import ClosingRequest, Projected
    from referral_core.entrypoints.stream import Image
    from referral_core.ports.lifecycle import Notices, WaitlistRequests, Workflow

_WAITLISTED: Final = "waitlisted"
"""The status; the enumeration of all of them would be most of a start."""


@dataclass(frozen=True)
class Outbox:
    """Does what a new image of an item asks for; doing it twice is doing it once.

    Attributes:
        notices: called when there is one to queue: most projections have none.
        read: reads the projection in an image of its item.
        waitlist: called when the waitlist is to be served.
        opening: reads what an image of another item opened; None: nothing.
        closings: reads what two images of another item closed.
    """

    workflow: Workflow
    notices: Callable[[], Notices]
    read: Callable[[Image], Projected]
    waitlist: Callable[[], WaitlistRequests]
    opening: Callable[[Image | None, Image], WaitlistRequest | None]
    closings: Callable[[Image | None, Image | None], Iterable[ClosingRequest]]

    def publish(self, old: Image | None, new: Image | None) -> None:
        """Compare two images of an item and act on what is new; None after: it was deleted.

        Raises:
            Retryable: a service is down or throttles: the record is to come again. Should it not,
                the watchdog finds the referral, or its notice, due.
        """
        if new is not None and "run" in new:
            self._of_referral(old, new)
            return
        opened = self.opening(old, new) if new is not None else None
        if opened is not None:
            self.waitlist().enqueue(opened)
        for closing in self.closings(old, new):
            self.waitlist().enqueue(closing)

    def deleted(self, old: Image) -> None:
        """Act on an item that was deleted. Raises: as `publish`."""
        self.publish(old, None)

    def _of_referral(self, old: Image | None, new: Image) -> None:
        projected = self.read(new)
        if not projected.is_closed and (old is None or old["run"] != new["run"]):
            self.workflow.start(projected)
        if new["status"] == _WAITLISTED and (old or {}).get("status") != _WAITLISTED:
            joined = WaitlistRequest(tenant=projected.tenant, referral_id=projected.id)
            self.waitlist().enqueue(joined)
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
