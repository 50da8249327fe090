"""Updates from the router's own machinery: notices on their way, and the clock."""

from __future__ import annotations

from typing import Literal

from referral_core.domain.updates.reported import Reported, UpdateKind


class NoticeUpdate(Reported):
    """What became of a notice. Attributes: notice: its number."""

    notice: int


class NoticeDelivered(NoticeUpdate):
    """The referrer's EHR took the notice."""

    kind: Literal[UpdateKind.NOTICE_DELIVERED] = UpdateKind.NOTICE_DELIVERED


class NoticeUndeliverable(NoticeUpdate):
    """The referrer's EHR did not take the notice in time."""

    kind: Literal[UpdateKind.NOTICE_UNDELIVERABLE] = UpdateKind.NOTICE_UNDELIVERABLE


class NoticeAcknowledged(NoticeUpdate):
    """The referring provider acknowledged the notice."""

    kind: Literal[UpdateKind.NOTICE_ACKNOWLEDGED] = UpdateKind.NOTICE_ACKNOWLEDGED


class DeadlinePassed(Reported):
    """The time of a wait is up. Attributes: wait: its id: no other wait ends with it."""

    kind: Literal[UpdateKind.DEADLINE] = UpdateKind.DEADLINE
    wait: str
