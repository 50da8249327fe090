"""How soon the service is wanted, and what says so."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field as Limit

from referral_core.domain.model import Model


class Priority(StrEnum):
    """FHIR request priorities, the least urgent first."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"

    @property
    def rank(self) -> int:
        """How urgent; 0 is routine."""
        return _RANKS[self]


_RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}


class UrgencyReason(StrEnum):
    """What made an order as urgent as it is."""

    NOT_STATED = "not-stated"
    PRIORITY = "priority"
    TASK_PRIORITY = "task-priority"
    CODE = "code"
    WORDS = "words"
    OCCURRENCE = "occurrence"


class Urgency(Model):
    """How urgent an order is.

    Attributes:
        reason: what said so; of several that say the same, the first of `UrgencyReason`.
        sentence: the same for a person; it holds no PHI.
        starts_on: the day before which the service is not wanted.
        ends_at: when the service must have been done by, if the order says; no clock may be later.
        overdue: that moment had passed when the order came: a person decides at once.
    """

    level: Priority = Priority.ROUTINE
    reason: UrgencyReason = UrgencyReason.NOT_STATED
    sentence: str = "The order states no urgency."
    starts_on: date | None = None
    ends_at: datetime | None = None
    overdue: bool = False


class Nearness(Model):
    """An occurrence that ends so soon is at least so urgent."""

    within_hours: int = Limit(gt=0)
    level: Priority


_REASONS: Final = tuple(UrgencyReason)


_Said = tuple[Priority, UrgencyReason, str]
"""One thing that an order says of its urgency: see the first attributes of `Urgency`."""


def _most_urgent_first(said: _Said) -> tuple[int, int, str]:
    level, reason, sentence = said
    return (-level.rank, _REASONS.index(reason), sentence)


def read_urgency(
    priority: Priority | None,
    task_priorities: Sequence[Priority],
    codes: Iterable[tuple[Priority, str]],
    words: Iterable[tuple[Priority, str]],
    occurrence: tuple[date | None, datetime | None, datetime | None],
    *,
    nearness: Sequence[Nearness],
) -> Urgency:
    """Return the most urgent of what an order says.

    Args:
        priority: of the order.
        task_priorities: of the Tasks that carry it.
        codes: urgencies that codes state, each with the code.
        words: that its texts say, each with how urgent it is.
        occurrence: before which day it is not wanted, when it must have been done by, and now.
        nearness: what an end that is near means.
    """
    starts_on, ends_at, now = occurrence
    said: list[_Said] = []
    if priority is not None:
        sentence = f"The order's priority is {priority}."
        said.append((priority, UrgencyReason.PRIORITY, sentence))
    for task in task_priorities:
        sentence = f"The priority of the order's Task is {task}."
        said.append((task, UrgencyReason.TASK_PRIORITY, sentence))
    for level, code in codes:
        said.append((level, UrgencyReason.CODE, f"The code {code} says {level}."))
    for level, word in words:
        said.append((level, UrgencyReason.WORDS, f"The words of the order say {word}."))
    if ends_at is not None and now is not None:
        said += _by_occurrence(ends_at - now, nearness)
    stated = min(said, key=_most_urgent_first) if said else ()
    most = dict(zip(("level", "reason", "sentence"), stated, strict=False))
    overdue = ends_at is not None and now is not None and ends_at <= now
    return Urgency(**most, starts_on=starts_on, ends_at=ends_at, overdue=overdue)


def level_within(left: timedelta, nearness: Sequence[Nearness]) -> Priority | None:
    """Return how urgent it is that something must be done within a time; None: it is not."""
    reached = (n.level for n in nearness if left <= timedelta(hours=n.within_hours))
    return max(reached, key=lambda level: level.rank, default=None)


def _by_occurrence(left: timedelta, nearness: Sequence[Nearness]) -> list[_Said]:
    level = level_within(left, nearness)
    if level is None:
        return []
    hours = min(n.within_hours for n in nearness if left <= timedelta(hours=n.within_hours))
    sentence = (
        "The time that the order asks for has passed."
        if left <= timedelta(0)
        else f"The order wants the service within {hours} hours of its receipt."
    )
    return [(level, UrgencyReason.OCCURRENCE, sentence)]
