"""One run of a referral: what the start of its execution needs, and what its tasks come to.

Apart from the aggregate, so that the stream's consumers start without loading all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Step

_LONGEST_PAUSE: Final = timedelta(hours=1)


def pause_after(failures: int) -> timedelta:
    """Return how long a due referral rests that could not be processed so often: up to an hour."""
    return min(timedelta(minutes=1 << min(failures - 1, 6)), _LONGEST_PAUSE)


class Delivery(StrEnum):
    """What became of an answer sent to the state machine."""

    DELIVERED = "delivered"
    NOBODY_WAITS = "nobody-waits"
    UNKNOWN = "unknown"


class Run(Protocol):
    """What the start of an execution needs of a referral; a `Referral` has it."""

    @property
    def tenant(self) -> Tenant:
        """The tenant."""

    @property
    def id(self) -> ReferralId:
        """The referral's id."""

    @property
    def run(self) -> int:
        """The run's number."""

    @property
    def current_step(self) -> Step:
        """Where the execution begins."""

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to start."""


@dataclass(frozen=True)
class NoticeRequest:
    """That a notice is to be delivered: ids only.

    Attributes:
        ehr: the referrer's system: what is asked of one must not hold up the others.
        notice: its number.
        ask: how often its delivery was asked for; an earlier ask is void.
    """

    tenant: Tenant
    referral_id: ReferralId
    ehr: str
    notice: int
    ask: int


@dataclass(frozen=True)
class WaitlistRequest:
    """That the waitlist is to be served: ids only.

    Attributes:
        referral_id: of one that joined the line; None where a place opened.
        npi: whose place opened.
        week: the ISO week of that place; None: in whatever weeks.
    """

    tenant: Tenant
    referral_id: ReferralId | None = None
    npi: str | None = None
    week: str | None = None


CLOSING_SHARES: Final = 8
"""Messages that one closing becomes: so many booked visits, and no more, are one message's work."""


@dataclass(frozen=True)
class ClosingRequest:
    """That whoever is booked where nobody is seen any more is to be looked at: ids only.

    Attributes:
        npi: who sees nobody.
        closing: which closing it is: the same one is told once.
        share: which part of those booked, of `CLOSING_SHARES`.
    """

    tenant: Tenant
    npi: str
    closing: str
    share: int


@dataclass(frozen=True)
class Projected:
    """What the outbox reads of a referral's projection: a `Run`, and its notices.

    Attributes:
        referrer: the EHR that notices go to.
        asks: how often the delivery of each notice was asked for, by number.
    """

    tenant: Tenant
    id: ReferralId
    run: int
    current_step: Step
    is_closed: bool
    referrer: str
    asks: Mapping[int, int]
