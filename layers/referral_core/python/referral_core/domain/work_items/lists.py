"""The lists in which open work items stand, and where in them: the first due first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Queue


class OfTeam(NamedTuple):
    """Every open item of a team."""

    queue: Queue


class Unassigned(NamedTuple):
    """The open items of a team that nobody has claimed."""

    queue: Queue


class OfOwner(NamedTuple):
    """The open items that a person or a client has claimed or was given."""

    owner: str


ItemList = OfTeam | Unassigned | OfOwner

FIRST: Final = "0"
"""Sorts before every place."""
LAST: Final = "~"
"""Sorts after every place, and after every place of the instant that it follows."""


def instant(moment: datetime) -> str:
    """Return what sorts before the places of items due at an instant or later."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def place_of(due_at: datetime, referral_id: ReferralId) -> str:
    """Return where an item stands in its lists: places are unique, and sort as due times do."""
    return f"{instant(due_at)}#{referral_id}"
