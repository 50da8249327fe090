"""What the first event of a referral may say, and each that names a step; intake knows no other."""

from datetime import datetime
from typing import Final

from referral_core.domain.events.kinds import EventKind
from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Model


class Facts(Model):
    """Small values that explain an event: codes, numbers, hashes, times; never PHI."""


class StepFacts(Facts):
    """Which step.

    Attributes:
        missing: names of facts that the order lacks.
        authored_at, wanted_by: with `received`: when the order was written, and when the service
            is to have been done by.
        contact_by: of ContactPatient: when the patient must have been contacted.
        patient: with `received`: the same for every referral of a patient, and for nobody else;
            a keyed hash.
    """

    step: Step | None = None
    missing: tuple[str, ...] = ()
    authored_at: datetime | None = None
    wanted_by: datetime | None = None
    contact_by: datetime | None = None
    patient: str | None = None


STEP_KINDS: Final = frozenset(
    {
        EventKind.RECEIVED,
        EventKind.STEP_STARTED,
        EventKind.READINESS_CONFIRMED,
        EventKind.INFORMATION_REQUESTED,
        EventKind.INFORMATION_SUPPLIED,
        EventKind.INFORMATION_OVERDUE,
        EventKind.ORDER_AWAITED,
        EventKind.PATIENT_DECEASED,
    }
)
"""The kinds of events that may say `StepFacts`."""
