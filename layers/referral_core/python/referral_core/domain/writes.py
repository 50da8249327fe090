"""What is written of a referral at once: accepted whole, changed whole, or not at all."""

from enum import StrEnum

from pydantic import SerializeAsAny

from referral_core.domain.change import Change
from referral_core.domain.effects import Effect
from referral_core.domain.events import Event
from referral_core.domain.ids import ReferralId
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.model import Model
from referral_core.domain.referral import Referral


class ReferralState(Model):
    """A referral read together with its mailbox, at one consistent point."""

    referral: Referral
    mailbox: Mailbox


class Commit(Model):
    """One atomic write: the change, the mailbox, and whatever else must be true with them.

    Attributes:
        mailbox_before: the mailbox read; the write is conditional on its version.
        mailbox: the next mailbox, or None to leave it untouched.
        effects: what is written with it, or nothing is.
    """

    change: Change
    mailbox_before: Mailbox
    mailbox: Mailbox | None = None
    effects: tuple[SerializeAsAny[Effect], ...] = ()

    @property
    def after(self) -> ReferralState:
        """The state that the write leaves behind."""
        mailbox = self.mailbox_before if self.mailbox is None else self.mailbox
        return ReferralState(referral=self.change.after, mailbox=mailbox)


class KeyTaken(Exception):
    """A number that is to be this referral's is another one's."""


class NoCapacity(Exception):
    """The week that was to be held is full."""


class MessageNotAllowed(Exception):
    """The patient got a message today already, or wants none."""


class DuplicateUpdate(Exception):
    """The update is on record already: posting it again changes nothing."""


class KeyKind(StrEnum):
    """What makes two posts one referral."""

    PLACER = "placer"
    IDEMPOTENCY = "idempotency"
    CONTENT = "content"


class Key(Model):
    """One uniqueness lock and the content it was taken with.

    Attributes:
        owner: the EHR that took it: another EHR's same number, or same key, is another lock.
    """

    kind: KeyKind
    owner: str
    value: str
    content_hash: str


class NewReferral(Model):
    """A referral about to be accepted: all of it is written, or nothing.

    Attributes:
        keys: what no other referral may have.
        identifiers: what it is found by, alone or with others.
        patient: what tells the patient from all others (PHI): its event has a keyed hash of it.
    """

    referral: Referral
    event: Event
    payload: bytes
    keys: tuple[Key, ...]
    identifiers: tuple[str, ...] = ()
    contact_hash: str | None = None
    patient: str | None = None


class ExistingKey(Model):
    """A lock that was there already."""

    key: Key
    referral_id: ReferralId
    content_hash: str
