"""How soon the service is wanted, and what says so."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

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
        return list(Priority).index(self)


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


def read_urgency(
    priority: Priority | None,
    task_priorities: Sequence[Priority],
    codes: Iterable[tuple[Priority, str]],
    words: Iterable[tuple[Priority, str]],
    occurrence: tuple[datetime | None, datetime | None],
    *,
    nearness: Sequence[Nearness],
) -> Urgency:
    """Return the most urgent of what an order says.

    Args:
        priority: of the order.
        task_priorities: of the Tasks that carry it.
        codes: urgencies that codes state, each with the code.
        words: that its texts say, each with how urgent it is.
        occurrence: when it must have been done by, and now.
        nearness: what an end that is near means.
    """
    ends_at, now = occurrence
    said = [Urgency()]
    if priority is not None:
        sentence = f"The order's priority is {priority}."
        said.append(Urgency(level=priority, reason=UrgencyReason.PRIORITY, sentence=sentence))
    for task in task_priorities:
        sentence = f"The priority of the order's Task is {task}."
        said.append(Urgency(level=task, reason=UrgencyReason.TASK_PRIORITY, sentence=sentence))
    for level, code in codes:
        sentence = f"The code {code} says {level}."
        said.append(Urgency(level=level, reason=UrgencyReason.CODE, sentence=sentence))
    for level, word in words:
        sentence = f"The words of the order say {word}."
        said.append(Urgency(level=level, reason=UrgencyReason.WORDS, sentence=sentence))
    if ends_at is not None and now is not None:
        said += _by_occurrence(ends_at - now, nearness)
    reasons = list(UrgencyReason)
    most = min(said[1:] or said, key=lambda u: (-u.level.rank, reasons.index(u.reason), u.sentence))
    overdue = ends_at is not None and now is not None and ends_at <= now
    return most.but(ends_at=ends_at, overdue=overdue)


def _by_occurrence(left: timedelta, nearness: Sequence[Nearness]) -> list[Urgency]:
    reached = [n for n in nearness if left <= timedelta(hours=n.within_hours)]
    if not reached:
        return []
    level = max((n.level for n in reached), key=lambda p: p.rank)
    hours = min(n.within_hours for n in reached)
    sentence = (
        "The time that the order asks for has passed."
        if left <= timedelta(0)
        else f"The order wants the service within {hours} hours of its receipt."
    )
    return [Urgency(level=level, reason=UrgencyReason.OCCURRENCE, sentence=sentence)]
