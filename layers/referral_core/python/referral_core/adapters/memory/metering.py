"""What the writes in memory would cost on the table, counted by the table's own functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Protocol

from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.commits import parts_of_commit
from referral_core.adapters.aws.dynamodb.effects import RELEASE
from referral_core.adapters.aws.dynamodb.hashed_keys import CURRENT, HashedKeys
from referral_core.adapters.aws.dynamodb.table import Part, Requests
from referral_core.adapters.aws.dynamodb.transactions import (
    EVENT,
    parts_of_new,
    require_one_transaction,
)
from referral_core.domain.events import Event
from referral_core.domain.new_referral import NewReferral
from referral_core.domain.writes import Commit

HASHED_KEYS: Final = HashedKeys(lambda: json.dumps({CURRENT: "1", "1": "in memory, " * 4}))
"""Of what needs keys as long as the table's; nothing in memory is hashed."""
_TABLE: Final = Requests("memory", HASHED_KEYS)


class Metering(Protocol):
    """Says what becomes of an event when it is stored: what its write costs stands in it."""

    def require_together(self, new_referrals: Sequence[NewReferral]) -> None:
        """Refuse new referrals that one write does not hold. Raises: TooLarge."""

    def event_of_new(self, new: NewReferral) -> Event:
        """Return the event of a new referral as it is stored."""

    def event_of_commit(self, commit: Commit, *, releases: bool) -> Event:
        """Return the event of a commit as it is stored.

        Args:
            commit: what is written.
            releases: whether there is a reservation to give back.
        """


class AsTheTable:
    """Composes every item that the table would write, counts them, and refuses what is too large.

    The table leaves out a reservation that is not there to be given back.
    """

    def require_together(self, new_referrals: Sequence[NewReferral]) -> None:
        """Refuse what the table would refuse of several; one is judged by its items."""
        if len(new_referrals) > 1:
            parts = (part for new in new_referrals for part in parts_of_new(_TABLE, new))
            require_one_transaction(list(parts))

    def event_of_new(self, new: NewReferral) -> Event:
        """Return the event as the table would store it."""
        return _event_in(parts_of_new(_TABLE, new))

    def event_of_commit(self, commit: Commit, *, releases: bool) -> Event:
        """Return the event as the table would store it."""
        without = frozenset() if releases else frozenset({RELEASE})
        return _event_in(parts_of_commit(_TABLE, commit, without))


class Uncounted:
    """Leaves events as they are: to count is a third of what a write in memory takes."""

    def require_together(self, new_referrals: Sequence[NewReferral]) -> None:
        """Hold any."""

    def event_of_new(self, new: NewReferral) -> Event:
        """Return the event as it was drafted."""
        return new.event

    def event_of_commit(self, commit: Commit, *, releases: bool) -> Event:
        """Return the event as it was drafted."""
        del releases
        return commit.change.event


def _event_in(parts: list[Part]) -> Event:
    (stored,) = (part.request["Put"]["Item"] for part in parts if part.name == EVENT)
    return event_in(plain(stored))
