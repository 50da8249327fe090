"""What somebody says that turns a referral: a booked visit is off, or it ends.

Each turn happens once, at the first instant at which it may, under one id: whoever gets no answer
says it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from referral_core.domain.lifecycle import Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    AppointmentCancelled,
    Cancel,
    DeceasedOrMoved,
    EnteredInError,
    OfferDeclined,
    PatientReplied,
    Reported,
    Role,
)
from tests.in_memory import World


class Turn(NamedTuple):
    """One thing that somebody says. Attributes: when: whether it is time for it."""

    when: Callable[[Referral], bool]
    says: type[Reported]
    role: Role
    fields: Mapping[str, Any] = MappingProxyType({})

    def happens(self, world: World, name: str) -> None:
        """Let it be said, once more if nobody answered."""
        world.report(self.says, role=self.role, id=f"turn-{name}", **self.fields)


def _booked(referral: Referral) -> bool:
    visit = referral.appointment
    return visit is not None and visit.is_booked and not referral.is_ending


def _asked(referral: Referral) -> bool:
    at_contact = referral.current_step is Step.CONTACT_PATIENT and not referral.is_ending
    return at_contact and any(contact.state == "sent" for contact in referral.contacts)


TURNS: Final[Mapping[str, Turn]] = {
    "the clinic gives a booked visit back": Turn(_booked, OfferDeclined, Role.CLINIC),
    "the clinic cancels the visit": Turn(_booked, AppointmentCancelled, Role.CLINIC),
    "the referrer cancels a booked visit": Turn(_booked, Cancel, Role.EHR),
    "the patient cannot keep the visit": Turn(
        _booked, PatientReplied, Role.PATIENT_CHANNEL, {"reply": "no"}
    ),
    "the patient of a booked visit died": Turn(_booked, DeceasedOrMoved, Role.EHR),
    "an order with a booked visit was an error": Turn(_booked, EnteredInError, Role.EHR),
    "the patient declines": Turn(_asked, PatientReplied, Role.PATIENT_CHANNEL, {"reply": "no"}),
    "the patient wants no messages": Turn(
        _asked, PatientReplied, Role.PATIENT_CHANNEL, {"reply": "stop"}
    ),
    "the referrer cancels while the patient is asked": Turn(_asked, Cancel, Role.EHR),
}
"""How a booked visit is called off, and how a referral comes to its end before one."""
