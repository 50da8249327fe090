"""The benefit lines (EB) of a 271, each with what qualifies it: service, network, dates, plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from referral_core.x12.interchange import Segment, element

PLAN: Final = "30"
ACTIVE: Final = frozenset({"1", "2", "3", "4"})
_WHOLE: Final = frozenset({"291", "292", "307"})
_BEGINS: Final = frozenset({"340", "346", "348", "356", "539"})
_ENDS: Final = frozenset({"341", "347", "349", "357", "540"})
_ASKED_ABOUT: Final = "472"
"""DTP01 of the day of service that a line answers for."""
_DEATH: Final = "442"
_DAYS: Final = re.compile(r"(\d{8})(?:\d{4})?(?:-(?:(\d{8})(?:\d{4})?)?)?")
"""DTP03 as D8, RD8 or DT, whatever DTP02 says: a day, or two of which the second may be open."""
_LIMITED: Final = re.compile(
    r"EMERGENC|FAMILY PLANNING|LIMITED|SPEND.?DOWN|SHARE OF COST|PREGNANCY ONLY", re.IGNORECASE
)
"""Words in a plan's description (EB05) by which an active line is not active for everything."""
_ONLY: Final = re.compile(
    r"EMERGENC\w+ (?:SERVICES? |CARE |TREATMENT )?ONLY|ONLY (?:FOR )?EMERGENC|FAMILY PLANNING"
    r"|SPEND.?DOWN|SHARE OF COST|PREGNANCY.RELATED|(?:RESTRICTED|LIMITED) TO (?!\d)"
    r"|\b(?:DENTAL|VISION|PHARMACY|INPATIENT|TUBERCULOSIS) (?:SERVICES? |BENEFITS? )?ONLY",
    re.IGNORECASE,
)
"""The same in a message (MSG01), where a plan's other conditions stand too."""
_COST_SHARING: Final = frozenset({"QM"})
"""EB04 of a plan that pays another one's premiums and shares, and no service by itself."""


class Dates(NamedTuple):
    """From when until when a line holds; both days included, None where it is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a day lies within."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


class Benefit(NamedTuple):
    """One EB line with the dates of its loop, else those of the person.

    Attributes:
        insurance: EB04.
        messages: MSG01 of its loop.
        network: EB12: Y, N, or W where it does not matter.
        answers: the days of service for which the payer says it.
    """

    status: str
    service_types: frozenset[str]
    procedure: str
    description: str
    insurance: str
    messages: str
    authorization: str
    network: str
    dates: Dates
    answers: Dates = Dates()

    @property
    def speaks_of_plan(self) -> bool:
        """Whether it is about the plan as a whole."""
        return PLAN in self.service_types or not (self.service_types or self.procedure)

    def holds(self, day: date) -> bool:
        """Whether the line is about a day; inactive with an end only is inactive since then."""
        first, last = self.dates
        if self.status not in ACTIVE and first is None and last is not None:
            return last <= day
        return self.dates.holds(day)

    @property
    def is_limited(self) -> bool:
        """Whether it says active, and in words that it is so for some services only."""
        said = _LIMITED.search(self.description) or _ONLY.search(self.messages)
        return self.status in ACTIVE and (said is not None or self.insurance in _COST_SHARING)


def benefits_of(segments: Sequence[Segment], repetition: str) -> list[Benefit]:
    """Read the benefit lines of one person."""
    starts = [n for n, segment in enumerate(segments) if segment[0] == "EB"]
    if not starts:
        return []
    above = segments[: starts[0]]
    of_person, asked = _dates(above), _asked_about(above)
    found = []
    for begin, end in zip(starts, [*starts[1:], len(segments)], strict=True):
        loop = segments[begin + 1 : end]
        dates = _dates(loop) or of_person or Dates()
        line = _benefit(segments[begin], loop, repetition, dates)
        found.append(line._replace(answers=_asked_about(loop) or asked or Dates()))
    return found


def says_died(segments: Iterable[Segment]) -> bool:
    """Whether a payer knows a day on which the person died."""
    return any(one[0] == "DTP" and element(one, 1) == _DEATH for one in segments)


def _benefit(segment: Segment, loop: Sequence[Segment], repetition: str, dates: Dates) -> Benefit:
    return Benefit(
        status=element(segment, 1),
        service_types=frozenset(filter(None, element(segment, 3).split(repetition))),
        procedure=element(segment, 13),
        description=element(segment, 5),
        insurance=element(segment, 4),
        messages=" ".join(element(one, 1) for one in loop if one[0] == "MSG"),
        authorization=element(segment, 11),
        network=element(segment, 12),
        dates=dates,
    )


def _dates(segments: Iterable[Segment]) -> Dates | None:
    """Read DTP: a range, or a day of beginning or end; None where there is none that counts."""
    first = last = None
    for segment in segments:
        if segment[0] != "DTP":
            continue
        begin, end = _days(element(segment, 3))
        match element(segment, 1):
            case code if code in _WHOLE:
                first, last = begin, end
            case code if code in _BEGINS:
                first, last = begin, end or last
            case code if code in _ENDS:
                last = end or begin
    return Dates(first, last) if first or last else None


def _asked_about(segments: Iterable[Segment]) -> Dates | None:
    """Read for which days of service something is said; None where nothing is said of that."""
    for segment in segments:
        if segment[0] == "DTP" and element(segment, 1) == _ASKED_ABOUT:
            begin, end = _days(element(segment, 3))
            return Dates(begin, end or begin) if begin else None
    return None


def _days(text: str) -> tuple[date | None, date | None]:
    found = _DAYS.fullmatch(text)
    begin, end = (day_in(part or "") for part in found.groups()) if found else (None, None)
    # Nothing ends before it begins: they are exchanged.
    return (end, begin) if begin and end and end < begin else (begin, end)


def day_in(text: str) -> date | None:
    """Return a day as X12 writes it (D8); None where it is none."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
