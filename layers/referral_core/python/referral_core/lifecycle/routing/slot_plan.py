"""What a clinic states of its slots, and whether it can be so: each refusal says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Permanent, VersionMoved
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.slots import Slot, SlotStatus, SlotWeek, StatedSlot
from referral_core.lifecycle.routing.capacity_changes import MOST_WEEKS

MOST_A_WEEK: Final = 200
"""Slots of a week: what a decision reads of twenty services stays within a few megabytes."""
LONGEST: Final = timedelta(hours=24)


class SlotRefused(Permanent):
    """A slot cannot be as it is stated. Attributes: number: of the slot, in the order sent."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def plan(
    entry: Practitioner,
    read: Mapping[str, SlotWeek],
    stated: Sequence[StatedSlot],
    zone: tzinfo,
    now: datetime,
) -> Mapping[str, Mapping[str, Slot]]:
    """Return the slots of each week as they are to be once a clinic has stated some.

    Args:
        entry: of the directory, whose slots they are.
        read: ISO week → what was published of it until now.
        stated: what the clinic says, in its order.
        zone: of the clinic: in it days and weeks are counted.
        now: the business instant.

    Raises:
        SlotRefused: one cannot be as it is stated.
        VersionMoved: one is not of the version that its sender knows.
    """
    planned = {week: dict(known.slots) for week, known in read.items()}
    week_of = {k: week for week, known in read.items() for k in known.slots}
    for number, one in enumerate(stated):
        start, end = one.start.astimezone(zone), one.end.astimezone(zone)
        week = week_of.setdefault(one.id, iso_week(start.date()))
        slots = planned.setdefault(week, {})
        known = slots.get(one.id)
        why = _impossible(entry, known, one, start, end, now=now)
        if why is not None:
            raise SlotRefused(number, why)
        if one.status is None:
            slots.pop(one.id, None)
            continue
        said = Slot(
            id=one.id,
            organization=entry.organization,
            start=start,
            end=end,
            status=one.status,
            specialties=one.specialties,
            version=known.version if known else 1,
        )
        if said != known:
            slots[one.id] = said.but(version=known.version + 1) if known else said
        if len(slots) > MOST_A_WEEK:
            raise SlotRefused(number, f"Publish at most {MOST_A_WEEK} slots a week.")
    _require_apart(planned, stated, entry.organization)
    return planned


def _impossible(
    entry: Practitioner,
    known: Slot | None,
    one: StatedSlot,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
) -> str | None:
    """Return why a slot cannot be as it is stated; None: it can.

    Raises:
        VersionMoved: it is not of the version that its sender knows.
    """
    if known is not None and known.organization != entry.organization:
        return "Another clinic has a slot of this id: name yours otherwise."
    if not one.is_known(known.version if known else 0):
        raise VersionMoved("The stored version is another one.")
    if not timedelta(0) < end - start <= LONGEST:
        return "Let a slot end after its start, within a day."
    if known is not None and (known.start, known.end) != (start, end):
        return "A slot keeps its time: make it busy-unavailable, and publish another."
    if start > now + timedelta(weeks=MOST_WEEKS):
        return f"Publish slots at most {MOST_WEEKS} weeks ahead."
    if start <= now and (known is None or (one.status is SlotStatus.FREE and not known.is_free)):
        return "Publish slots that are still to begin."
    return None


def _require_apart(
    planned: Mapping[str, Mapping[str, Slot]], stated: Sequence[StatedSlot], organization: str
) -> None:
    """Raise unless each slot that is stated has its time for itself among its clinic's own.

    Raises:
        SlotRefused: one overlaps another one.
    """
    numbers = {one.id: number for number, one in enumerate(stated)}
    own = (s for week in planned.values() for s in week.values() if s.organization == organization)
    lasts: Slot | None = None
    for slot in sorted(own, key=lambda slot: (slot.start, slot.id)):
        if lasts is not None and slot.overlaps(lasts):
            number = max((numbers[s.id] for s in (slot, lasts) if s.id in numbers), default=None)
            if number is not None:
                raise SlotRefused(number, "It overlaps another slot: a clinic has a time once.")
        if lasts is None or slot.end > lasts.end:
            lasts = slot
