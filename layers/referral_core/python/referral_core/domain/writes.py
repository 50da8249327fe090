"""What is written of a referral at once, changed whole or not at all."""

from pydantic import SerializeAsAny

from referral_core.domain.change import Change
from referral_core.domain.effects import Effect
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
