"""The waitlist: who waits for a place, and in which order they get one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final, NamedTuple

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral

_MOST_URGENT: Final = 9
"""A place begins with one digit, so that places sort as text: the most urgent first."""


class Waiting(NamedTuple):
    """A referral in a line. Attributes: place: sorts by priority, then by age."""

    place: str
    referral_id: ReferralId


def place_of(referral: Referral) -> str:
    """Return where a referral stands in every line: by priority, then by age."""
    since = referral.received_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{_MOST_URGENT - referral.service.urgency.level.rank}#{since}#{referral.id}"


def is_waiting(referral: Referral) -> bool:
    """Whether a referral waits for a place, and for nothing and nobody else."""
    return (
        referral.status is Status.WAITLISTED
        and referral.current_step is Step.ROUTE_REFERRAL
        and referral.work_item is None
    )


def lines_of(referral: Referral) -> Mapping[str, str]:
    """Return the lines that a referral stands in: specialty of who may see it → its place."""
    if not is_waiting(referral):
        return {}
    return dict.fromkeys(referral.service.accepts, place_of(referral))
