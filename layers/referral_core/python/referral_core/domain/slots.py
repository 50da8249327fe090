"""Slots that a clinic publishes: the times of which a referral reserves one instead of a place."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from referral_core.domain.model import Model


class SlotStatus(StrEnum):
    """FHIR's codes; what is `entered-in-error` is not kept."""

    FREE = "free"
    BUSY = "busy"
    BUSY_UNAVAILABLE = "busy-unavailable"
    BUSY_TENTATIVE = "busy-tentative"


class Slot(Model):
    """A time at which a clinic could see somebody.

    Attributes:
        id: `<NPI>.<the clinic's own part>`.
        organization: who published it.
        start, end: with the offset of the clinic's zone.
        specialties: NUCC codes of what it is for; empty: whatever its service is for.
        version: counts what was stated of it.
    """

    id: str
    organization: str
    start: datetime
    end: datetime
    status: SlotStatus
    specialties: tuple[str, ...] = ()
    version: int = 1

    @property
    def is_free(self) -> bool:
        """Whether its clinic says that it may be reserved."""
        return self.status is SlotStatus.FREE

    def is_for(self, organization: str, specialty: str) -> bool:
        """Whether it is a time of an entry of the directory."""
        return self.organization == organization and (
            not self.specialties or specialty in self.specialties
        )

    def covers(self, at: datetime) -> bool:
        """Whether a visit that begins at an instant takes it."""
        return self.start <= at < self.end

    def overlaps(self, other: "Slot") -> bool:
        """Whether both take some of the same time."""
        return self.start < other.end and other.start < self.end


class SlotWeek(Model):
    """What a clinician's clinics published of an ISO week.

    Attributes:
        revision: counts what was written of it: nobody overwrites what they have not read.
        slots: by id.
        holders: id of a slot → the referral that reserves it.
    """

    revision: int = 0
    slots: Mapping[str, Slot] = {}
    holders: Mapping[str, str] = {}

    def of_entry(self, organization: str, specialty: str) -> tuple[Slot, ...]:
        """Return the slots of an entry that may be reserved or are, soonest first."""
        found = (s for s in self.slots.values() if s.is_free and s.is_for(organization, specialty))
        return tuple(sorted(found, key=lambda slot: (slot.start, slot.id)))

    def left_to(self, organization: str, specialty: str) -> tuple[Slot, ...]:
        """Return the slots of an entry that nobody reserves, soonest first."""
        return tuple(
            slot for slot in self.of_entry(organization, specialty) if slot.id not in self.holders
        )


class StatedSlot(NamedTuple):
    """What a clinic states of a slot.

    Attributes:
        start, end: instants.
        status: None: entered in error; there is no such slot.
        is_known: whether its sender knows a version of it; 0: there is none yet.
    """

    id: str
    start: datetime
    end: datetime
    status: SlotStatus | None
    specialties: tuple[str, ...] = ()
    is_known: Callable[[int], bool] = lambda _: True
