"""What every update says; `domain/access/ownership.py` has who may."""

from datetime import datetime
from typing import ClassVar

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.model import Model
from referral_core.domain.update_kinds import Role, UpdateKind


class Reported(Model):
    """What every update says.

    Attributes:
        id: unique per fact; the same id posted again changes nothing.
        actor: the principal's client id, `router` or `timer`; never a person's name.
        organization: the EHR, clinic or payer that the actor speaks for; empty for the router.
        comment: SHA-256 of the document that holds the sender's words, if there are any.
    """

    ends_with: ClassVar[Outcome | None] = None
    """The outcome of an update that ends a referral from wherever it is."""

    id: str
    kind: UpdateKind
    actor: str
    role: Role
    organization: str = ""
    received_at: datetime
    comment: str | None = None
