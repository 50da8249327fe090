"""The offer region: which performer the referral is with, and what it reserves."""

from datetime import datetime
from typing import Literal

from referral_core.domain.codes import Coded, CodedOrEmpty
from referral_core.domain.model import Model

OfferStatus = Literal["open", "accepted", "declined", "silent", "withdrawn", "taken-back"]
IN_HAND: frozenset[OfferStatus] = frozenset({"open", "accepted"})
"""The performer has the referral, or is asked to take it."""


class ReservedSlot(Model):
    """The time of a slot, with the offset of the clinic's zone."""

    id: CodedOrEmpty
    start: datetime
    end: datetime


class Reservation(Model):
    """One unit of a practitioner's weekly capacity, reserved for this referral until released.

    Attributes:
        slot: which one, where the clinic publishes slots.
    """

    npi: str
    week: str
    slot: ReservedSlot | None = None


class Offer(Model):
    """The performer the referral is (or was) routed to; Task B is what FHIR shows of it.

    `silent` and `taken-back` offers were ended by us, and the clinic is told; `declined` and
    `withdrawn` ones by the clinic.

    Attributes:
        tier: of the performer in the network: 1 preferred, 2 in network, 3 out of network.
        in_network: whether the performer is in the payer's network.
        decision: number of the routing decision that chose it.
        reason: why the offer ended; a code.
        reminded: whether the clinic is to be reminded to answer, or was; once.
        reminder_sent: whether that reminder went out.
        booking_asked_at: when the clinic was asked to book the visit that is awaited now.
        payload_version: of the order, as it was sent to the clinic last.
    """

    number: int
    npi: str
    organization: str
    specialty: str
    tier: int | None = None
    in_network: bool | None = None
    reservation: Reservation | None
    decision: int
    status: OfferStatus = "open"
    reason: Coded = None
    offered_at: datetime | None = None
    reminded: bool = False
    reminder_sent: bool = False
    booking_asked_at: datetime | None = None
    payload_version: int = 0

    @property
    def is_in_hand(self) -> bool:
        """Whether the performer has the referral, or is asked to take it."""
        return self.status in IN_HAND
