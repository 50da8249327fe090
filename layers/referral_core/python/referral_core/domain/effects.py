"""What a transaction must also do beside the change itself: one class an effect."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import model_validator

from referral_core.domain.directory import Practitioner
from referral_core.domain.evidence import Evidence
from referral_core.domain.model import Model
from referral_core.domain.referral import Reservation
from referral_core.domain.routing.demand import KeptDemand
from referral_core.domain.terminology import Override
from referral_core.domain.updates import Update


class RoutingDecision(Model):
    """Why this performer: kept for every routing, whatever comes of it.

    Attributes:
        policy: `bid-prices/4`, or `greedy-cost/1` where no valid prices were at hand.
        price_version: the price list that was used; None when greedy.
        candidates: npi, week, score and its parts, price, margin and kilometres, best first; where
            the clinic publishes slots, when the soonest begins.
        exclusions: npi → the hard filter that excluded it.
        named: NPIs of who the order names.
        not_named: why none of them was chosen; None when one was, or the order names nobody.
        override: code of why it is not the router's own choice.
        shown: the list that the patient was to be shown, where the law wants one.
    """

    number: int
    at: datetime
    policy: str
    candidates: tuple[Mapping[str, str | float], ...]
    exclusions: Mapping[str, str]
    chosen: str | None = None
    named: tuple[str, ...] = ()
    not_named: str | None = None
    shown: tuple[str, ...] = ()
    price_version: str | None = None
    override: str | None = None


class Effect(Model):
    """Something that is written with a change, or the change is not written either."""


class Reserve(Effect):
    """Take a unit of capacity; fails with `NoCapacity` when the week is full, or the slot taken.

    Attributes:
        capacity: units that the practitioner has in that week; of a slot, there is one.
        organization: whose places they are: what it stated since then counts more.
        instead_of: what the referral reserves until then, of the same clinician: it is given back,
            and of the same week it must still be the referral's. A slot alone takes another's part.
    """

    reservation: Reservation
    capacity: int
    organization: str
    instead_of: Reservation | None = None

    @model_validator(mode="after")
    def _is_a_slot_of_the_same_clinician(self) -> Self:
        before, now = self.instead_of, self.reservation
        if before is not None and (now.slot is None or before.npi != now.npi):
            raise ValueError("A slot of the same clinician takes the part of another one.")
        return self


class Release(Effect):
    """Give a unit of capacity back; harmless when there is nothing to give back."""

    reservation: Reservation


class ClaimDailyMessage(Effect):
    """Take the right to message a patient on a day; fails with `MessageNotAllowed`.

    Nobody else may message the patient on that day, and an opt-out forbids it.

    Attributes:
        contact_hash: of the patient's number (of the email address where there is none).
        day: the patient's own.
        reference: of the message; the same one may take the day again.
        stoppable: whether an opt-out forbids it: texts and calls, not emails.
    """

    contact_hash: str
    day: date
    reference: str
    stoppable: bool = True


class RecordUpdate(Effect):
    """Record an update, exactly once by its id; fails with `DuplicateUpdate`."""

    update: Update


class StorePayload(Effect):
    """Store the payload of the version after the change: JSON, compressed by the adapter. PHI."""

    body: bytes


class KeepEvidence(Effect):
    """Keep what proves a fact; the document itself is stored already."""

    evidence: Evidence


class KeepDecision(Effect):
    """Keep a routing decision."""

    decision: RoutingDecision


class KeepDemand(Effect):
    """Keep what a referral asks of a market: the prices of the weeks ahead are made of these.

    Attributes:
        accepts: NUCC codes of who may serve the market; with them it is put up for publishing.
            Empty when it is published already.
    """

    demand: KeptDemand
    accepts: tuple[str, ...] = ()


class CorrectEntry(Effect):
    """Write an entry of the directory anew; fails with `Conflict` when it is not as it was read."""

    before: Practitioner
    after: Practitioner


class KeepMapping(Effect):
    """Keep what a code, or words, of the tenant's orders mean. Attributes: key: `override_key`."""

    key: str
    override: Override


class IndexContact(Effect):
    """Let the referral be found under a (hashed) phone number from now on."""

    contact_hash: str


class TakeNumber(Effect):
    """Make an order's number this referral's; fails with `KeyTaken` when it is another one's."""

    number: str
    content_hash: str


class IndexIdentifier(Effect):
    """Let the referral be found by an identifier that several may have."""

    identifier: str
