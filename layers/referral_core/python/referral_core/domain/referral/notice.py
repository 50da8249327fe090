"""Notices: what the referring provider is notified of, and whether it arrived."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.model import Model


class NoticeTopic(StrEnum):
    """What the referring provider is notified of."""

    CLOSURE = "closure"
    INFORMATION_NEEDED = "information-needed"
    APPOINTMENT_MISSED = "appointment-missed"
    VISIT_OFF = "visit-off"
    CRITICAL_RESULT = "critical-result"
    REPORT_WITHDRAWN = "report-withdrawn"


class _Schedule(NamedTuple):
    """How long a notice may be on its way.

    Attributes:
        again: after how long its delivery is asked for once more, from when it was queued.
        give_up: after how long a person tells the referring provider another way.
    """

    again: tuple[timedelta, ...]
    give_up: timedelta


_USUAL: Final = _Schedule(
    again=(
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(hours=12),
        timedelta(hours=24),
        timedelta(hours=48),
    ),
    give_up=timedelta(hours=72),
)
_SCHEDULES: Final[Mapping[NoticeTopic, _Schedule]] = {
    NoticeTopic.CRITICAL_RESULT: _Schedule(
        again=(timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)),
        give_up=timedelta(hours=4),
    )
}
"""What cannot wait as long as others."""


class Notice(Model):
    """A notification to the referring provider; only the one about the end is acknowledged.

    Attributes:
        asks: how often its delivery was asked for; each ask is one message in the queue.
        due_at: when somebody looks whether it arrived; None: nobody does.
    """

    number: int
    topic: NoticeTopic = NoticeTopic.CLOSURE
    outcome: Outcome | None = None
    queued_at: datetime
    asks: int = 1
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    undeliverable: bool = False

    @property
    def reached(self) -> bool:
        """Whether the referrer has it, as far as anybody knows."""
        return self.delivered_at is not None and not self.undeliverable

    @property
    def is_under_way(self) -> bool:
        """Whether its delivery is still awaited."""
        return self.delivered_at is None and not self.undeliverable

    @property
    def give_up_at(self) -> datetime:
        """When a person is to tell the referring provider another way."""
        return self.queued_at + self._schedule.give_up

    @property
    def _schedule(self) -> _Schedule:
        return _SCHEDULES.get(self.topic, _USUAL)

    def watched(self, now: datetime) -> "Notice":
        """Return the notice with the next time at which somebody looks whether it arrived."""
        times = (self.queued_at + after for after in self._schedule.again)
        return self.but(due_at=min((at for at in times if at > now), default=self.give_up_at))

    def asked_again(self, now: datetime) -> "Notice":
        """Return the notice with its delivery asked for once more: writing it is asking."""
        return self.but(asks=self.asks + 1).watched(now)

    def begun_again(self, now: datetime) -> "Notice":
        """Return a notice that was given up with its whole time before it once more."""
        return self.but(queued_at=now, undeliverable=False).asked_again(now)
