"""How much waits in a queue, and for how long: counted when it is asked for, never kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

_ZERO = timedelta(0)


class QueueGauge(NamedTuple):
    """What waits in one queue at an instant.

    Attributes:
        open: open referrals whose next action the team owns.
        oldest: when the one was received that came first; None: there is none.
        items: open work items of the team.
        overdue: those whose due time has passed.
        first_due: the due time of the item that is due first; None: there is none.
    """

    open: int = 0
    oldest: datetime | None = None
    items: int = 0
    overdue: int = 0
    first_due: datetime | None = None

    def with_those_of(self, other: QueueGauge) -> QueueGauge:
        """Return both together."""
        return QueueGauge(
            open=self.open + other.open,
            oldest=_earlier(self.oldest, other.oldest),
            items=self.items + other.items,
            overdue=self.overdue + other.overdue,
            first_due=_earlier(self.first_due, other.first_due),
        )

    def age(self, now: datetime) -> timedelta:
        """Return how long ago the oldest referral was received; nothing when none is open."""
        return max(now - self.oldest, _ZERO) if self.oldest else _ZERO

    def late(self, now: datetime) -> timedelta:
        """Return for how long the first item has been overdue; nothing when none is."""
        return max(now - self.first_due, _ZERO) if self.first_due else _ZERO


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
