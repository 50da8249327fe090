"""When a patient may be seen: the weeks, and within them the slots that their clinics publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from referral_core.domain.directory import Listed, Practitioner
from referral_core.domain.routing.capacity import (
    days_of,
    days_to_third_place,
    days_to_third_slot,
)
from referral_core.domain.routing.score import Open
from referral_core.domain.slots import Slot
from referral_core.lifecycle.case import Case


@dataclass(frozen=True)
class Times:
    """When the patient may be seen.

    Attributes:
        weeks: ISO weeks that may be booked, soonest first.
        begins: before which nobody is seen.
        earliest: before which no slot begins.
        latest: after which nobody is seen; None: until the end of the weeks.
        zone: the tenant's; a clinic may have its own.
    """

    weeks: Sequence[str]
    begins: datetime
    earliest: datetime
    latest: datetime | None
    zone: str

    @classmethod
    def of(cls, case: Case, weeks: Sequence[str], earliest: datetime | None = None) -> Times:
        """Return when the patient of a case may be seen.

        Args:
            case: the referral's.
            weeks: ISO weeks that may be booked, soonest first.
            earliest: before which nobody may be seen; None: for a slot, as soon as its clinic
                can answer.
        """
        return cls(
            weeks,
            max(case.from_then(case.now), earliest or case.now),
            soonest(case, earliest),
            case.wanted_by,
            case.profile.time_zone,
        )

    def opened(self, entry: Listed) -> Open:
        """Return when an entry can still be booked."""
        return Open(self.free_of(entry), self._shut(entry.practitioner))

    def _shut(self, entry: Practitioner) -> frozenset[str]:
        """Return the weeks in which an entry opens on no day of those that are left."""
        if not entry.location.hours and not entry.closures:
            return frozenset()
        here = ZoneInfo(entry.time_zone or self.zone)
        begins = self.begins.astimezone(here)
        ends = self.latest.astimezone(here).date() if self.latest else date.max

        def is_open(day: date) -> bool:
            after = begins.time() if day == begins.date() else time.min
            return begins.date() <= day <= ends and entry.is_open_on(day, after)

        return frozenset(week for week in self.weeks if not any(map(is_open, days_of(week))))

    def free_of(self, entry: Listed) -> Mapping[str, Sequence[Slot]]:
        """Return the slots of an entry that may be reserved; none where it publishes none."""
        if not entry.practitioner.publishes_slots:
            return {}
        return {w: entry.free_slots(w, self.earliest, self.latest) for w in self.weeks}


def soonest(case: Case, earliest: datetime | None = None) -> datetime:
    """Return before when no slot is offered: its clinic is to answer before it begins."""
    answered = case.calendar.after(case.now, case.rules.offer.answer_within)
    return max(answered, case.from_then(case.now), earliest or case.now)


def third_next_days(case: Case, chosen: Listed, times: Times) -> int | None:
    """Return the days until the third place, or the third slot, that may be reserved."""
    entry, today = chosen.practitioner, case.today
    if entry.publishes_slots:
        free = times.free_of(chosen)
        return days_to_third_slot((s for week in times.weeks for s in free[week]), today)
    return days_to_third_place(entry, chosen.reserved, times.weeks, today)
