"""The benefit lines (EB) of a 271, each with what qualifies it: service, network, dates, plan.

A line that is said of other people of the contract, or of places where nobody is referred to, says
nothing of this visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
_PAID_UNTIL: Final = "343"
"""DTP01 of the day until which the premium is paid."""
_PLACES: Final = "ZZ"
"""III01 of places of service (CMS) to which a line is confined."""
_ELSEWHERE: Final = frozenset({"21", "23", "31", "34", "41", "42", "51", "61"})
"""Hospital beds, emergency rooms, nursing facilities, hospices, ambulances, rehabilitation."""
_OF_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "22": frozenset({"CHD", "DEP", "SPC", "SPO"}),
    "23": frozenset({"EMP"}),
}
"""EB02 of lines about others than whom a level is about: the subscriber, or a dependent."""
_LEFT: Final = "29"
"""EB06 and HSD05: what remains of a benefit."""
_LIMITATION: Final = "F"
_DESCRIPTION: Final = "D"
_PART_A: Final = "MA"
"""EB04 of Medicare's hospital insurance, which pays no specialist's visit."""
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
        level: EB02, whose coverage it is.
        places: III of its loop: to which places of service it is confined.
        is_used_up: whether it says that nothing of it remains (EB F, HSD).
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
    level: str = ""
    places: frozenset[str] = frozenset()
    is_used_up: bool = False

    def speaks_of(self, patient_level: str) -> bool:
        """Whether it is about the patient, and about places that somebody is referred to.

        Args:
            patient_level: HL03: 22 a subscriber, 23 a dependent.
        """
        elsewhere = bool(self.places) and self.places <= _ELSEWHERE
        return not elsewhere and self.level not in _OF_OTHERS.get(patient_level, frozenset())

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
        of_hospital = self.insurance == _PART_A and self.speaks_of_plan
        by_kind = of_hospital or self.insurance in _COST_SHARING
        return self.status in ACTIVE and (said is not None or by_kind)

    @property
    def limits_others(self) -> bool:
        """Whether it only describes (EB D), and describes that the plan is for some services."""
        described = f"{self.description} {self.messages}"
        return self.status == _DESCRIPTION and _ONLY.search(described) is not None


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
    return any(_is_dtp(one, _DEATH) for one in segments)


def paid_until(segments: Iterable[Segment]) -> date | None:
    """Return the last day that premiums are paid for; None where a payer does not say."""
    ends = (_days(element(one, 3)) for one in segments if _is_dtp(one, _PAID_UNTIL))
    return max((day for begin, end in ends if (day := end or begin)), default=None)


def _is_dtp(segment: Segment, qualifier: str) -> bool:
    return segment[0] == "DTP" and element(segment, 1) == qualifier


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
        level=element(segment, 2),
        places=frozenset(
            element(one, 2) for one in loop if one[0] == "III" and element(one, 1) == _PLACES
        ),
        is_used_up=_is_used_up(segment, loop),
    )


def _is_used_up(segment: Segment, loop: Iterable[Segment]) -> bool:
    """Whether nothing remains of a limited benefit: no money, no visits."""
    left = element(segment, 6) == _LEFT and element(segment, 1) == _LIMITATION
    counted = [element(segment, number) for number in (7, 10)] if left else []
    counted += [element(h, 2) for h in loop if h[0] == "HSD" and element(h, 5) == _LEFT]
    return any(_NOTHING.fullmatch(amount) for amount in counted)


_NOTHING: Final = re.compile(r"-\d[\d.]*|0*\.?0+")


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
        if _is_dtp(segment, _ASKED_ABOUT):
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
