"""The record is the outbox: a new run asks for an execution, a new notice for its delivery."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.background.records import Image
from referral_core.domain.referral import Referral
from referral_core.ports import Notices, Workflow


@dataclass(frozen=True)
class Outbox:
    """Does what a referral's new projection asks for; doing it twice is doing it once."""

    workflow: Workflow
    notices: Notices

    def publish(self, old: Image | None, new: Image) -> None:
        """Compare the two images of a referral's projection and act on what is new.

        Raises:
            Retryable: the service is down; the record is set aside and the watchdog takes over.
        """
        referral = Referral.model_validate_json(new["body"])
        if not referral.is_closed and (old is None or old["run"] != new["run"]):
            self.workflow.start(referral)
        known = int(old.get("notice_number", 0)) if old is not None else 0
        for notice in referral.notices[known:]:
            self.notices.enqueue(referral.tenant, referral.id, notice)
