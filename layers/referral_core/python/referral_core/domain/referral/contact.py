"""The contact region: attempts to reach the patient, and reminders."""

from datetime import datetime
from typing import Literal

from referral_core.domain.calendar import DayPart
from referral_core.domain.model import Model
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.outreach.vocabulary import CallResult

ContactState = Literal["sending", "sent", "failed", "ambiguous", "skipped", "due", "made", "missed"]


class Contact(Model):
    """One attempt to reach the patient, one reminder, or word of the end or of a visit that is off.

    `sending` is written before the channel is called: an attempt found in it is ambiguous and
    never sent again blindly. `due` is a call that staff are to make, `missed` one that nobody
    made in time; neither counts as an attempt.

    Attributes:
        position: of the pathway's attempt that it is; None for one made by staff on their own.
        day_part: of the patient's day when it was made.
        result: what came of a call.
        alternate: who was called instead, by their place among the order's contacts, from 1 on.
    """

    number: int
    channel: Channel
    at: datetime
    state: ContactState
    purpose: Literal["invitation", "reminder", "ending", "visit-off"] = "invitation"
    position: int | None = None
    parts: int = 0
    day_part: DayPart | None = None
    result: CallResult | None = None
    alternate: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it was an attempt to reach the patient."""
        is_made = self.state in {"sent", "made"} and self.purpose == "invitation"
        return is_made and self.alternate is None
