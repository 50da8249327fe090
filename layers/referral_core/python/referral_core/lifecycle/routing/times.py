"""When a patient may be seen: the weeks, and within them the slots that their clinics publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from referral_core.domain.directory import Listed
from referral_core.domain.routing.capacity import days_to_third_place, days_to_third_slot
from referral_core.domain.slots import Slot
from referral_core.lifecycle.case import Case


@dataclass(frozen=True)
class Times:
    """When the patient may be seen.

    Attributes:
        weeks: ISO weeks that may be booked, soonest first.
        earliest: before which no slot begins.
        latest: after which none does; None: until the end of the weeks.
    """

    weeks: Sequence[str]
    earliest: datetime
    latest: datetime | None

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
    entry, today = chosen.practitioner, case.now.date()
    if entry.publishes_slots:
        free = times.free_of(chosen)
        return days_to_third_slot((s for week in times.weeks for s in free[week]), today)
    return days_to_third_place(entry, chosen.reserved, times.weeks, today)
