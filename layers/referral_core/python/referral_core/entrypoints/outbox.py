"""The record is the outbox: a new run asks for an execution, a new notice for its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
            Retryable: the service is down; the record is dead-lettered and the watchdog takes over.
        """
        projected = self.read(new)
        if not projected.is_closed and (old is None or old["run"] != new["run"]):
            self.workflow.start(projected)
        known = int(old.get("notice_number", 0)) if old is not None else 0
        for number in range(known + 1, projected.notices + 1):
            self.notices().enqueue(projected.tenant, projected.id, number)
