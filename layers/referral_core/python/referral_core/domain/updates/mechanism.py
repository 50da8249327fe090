"""Updates from the router's own machinery: notices on their way, the clock, the waitlist."""

from typing import Literal

from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.updates.reported import Reported


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


class ClinicClosed(Reported):
    """The directory says that nobody is seen any more on the day of a visit. Attributes: npi."""

    kind: Literal[UpdateKind.CLINIC_CLOSED] = UpdateKind.CLINIC_CLOSED
    npi: str


class WaitEnded(Reported):
    """The router itself ends a wait. Attributes: wait: its id: no other wait ends with it.

    Its event says it; an item of its own it has none, for nobody posts it a second time.
    """

    wait: str


class DeadlinePassed(WaitEnded):
    """The time of a wait is up."""

    kind: Literal[UpdateKind.DEADLINE] = UpdateKind.DEADLINE


class PlaceOpened(WaitEnded):
    """A place became free, and it is this referral's turn. Attributes: npi: whose, if known."""

    kind: Literal[UpdateKind.PLACE_OPENED] = UpdateKind.PLACE_OPENED
    npi: str | None = None
