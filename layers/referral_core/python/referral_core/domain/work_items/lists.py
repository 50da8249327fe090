"""The lists in which open work items stand, and where in them: the first due first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Queue

if TYPE_CHECKING:
    from referral_core.domain.referral import Referral


class OfTeam(NamedTuple):
    """Every open item of a team."""

    queue: Queue


class Unassigned(NamedTuple):
    """The open items of a team that nobody has claimed."""

    queue: Queue


class OfOwner(NamedTuple):
    """The open items that a person or a client has claimed or was given."""

    owner: str


class Exceptional(NamedTuple):
    """The open items of a team that do not come up when all goes as it should."""

    queue: Queue


class Waiting(NamedTuple):
    """The open referrals of a team that wait for somebody else, the first received first."""

    queue: Queue


class Closed(NamedTuple):
    """The tenant's closed referrals, the last closed first."""


ItemList = OfTeam | Unassigned | OfOwner | Exceptional | Waiting | Closed

_END_OF_TIME: Final = 9_999_999_999
"""Seconds since 1970, of ten digits."""
FIRST: Final = "0"
"""Sorts before every place."""
LAST: Final = "~"
"""Sorts after every place, and after every place of the instant that it follows."""


def instant(moment: datetime) -> str:
    """Return what sorts before the places of items due at an instant or later."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def closed_since(moment: datetime) -> str:
    """Return what sorts after the places of what was closed at an instant or later."""
    return f"{_END_OF_TIME - int(moment.timestamp()):010d}"


def place_of(due_at: datetime, referral_id: ReferralId) -> str:
    """Return where an item stands in its lists: places are unique, and sort as due times do."""
    return f"{instant(due_at)}#{referral_id}"


def place_in_list(referral: Referral) -> str:
    """Return where a referral stands in whichever list it is: by its due time, receipt, or end."""
    if referral.is_closed:
        return f"{closed_since(referral.status_since)}#{referral.id}"
    return place_of(referral.item_due_at or referral.received_at, referral.id)
