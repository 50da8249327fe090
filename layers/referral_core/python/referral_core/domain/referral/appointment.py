"""The appointment region: the visit that the clinic booked."""

from datetime import datetime
from typing import Literal

from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Model
from referral_core.domain.work_items import Reason


class Appointment(Model):
    """The visit the clinic booked.

    Attributes:
        utc_offset: minutes from UTC at the clinic, as it wrote the time.
        reminders: those sent or past.
        called_off: whether it is off by other means than its clinic's cancelling it: then a message
            of its own says so.
        told_off: whether the patient knows that it is off.
        told_before: the step at which the referral goes on once the patient was told.
        seen_to: why a person looked at it already, and let it stand.
    """

    number: int
    start: datetime
    utc_offset: int | None = None
    reminders: int = 0
    seen_to: tuple[Reason, ...] = ()
    status: Literal["booked", "fulfilled", "noshow", "cancelled"] = "booked"
    called_off: bool = False
    told_off: bool = False
    told_before: Step | None = None

    @property
    def is_booked(self) -> bool:
        """Whether it is to take place."""
        return self.status == "booked"

    def cancelled(self) -> "Appointment":
        """Return it cancelled if it was still to take place, else as it is."""
        return self.but(status="cancelled") if self.is_booked else self
