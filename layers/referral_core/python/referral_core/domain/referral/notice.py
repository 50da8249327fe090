"""Notices: what the referring provider is notified of, and whether it arrived."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.model import Model


class NoticeTopic(StrEnum):
    """What the referring provider is notified of."""

    CLOSURE = "closure"
    INFORMATION_NEEDED = "information-needed"
    APPOINTMENT_MISSED = "appointment-missed"
    CRITICAL_RESULT = "critical-result"


class Notice(Model):
    """A notification to the referring provider; only the one about the end is acknowledged."""

    number: int
    topic: NoticeTopic = NoticeTopic.CLOSURE
    outcome: Outcome | None = None
    queued_at: datetime
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    undeliverable: bool = False

    @property
    def reached(self) -> bool:
        """Whether the referrer has it, as far as anybody knows."""
        return self.delivered_at is not None and not self.undeliverable
