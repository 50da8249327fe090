"""The simulated payer's X12: it reads a 270 strictly and writes the 271.

Written apart from the product's own reader on purpose: what both got wrong alike would not show.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

_GUIDE = "005010X279A1"
_SEGMENTS = re.compile(
    "ISA GS ST BHT HL NM1 HL NM1 "
    "(?:HL TRN NM1 DMG|HL NM1(?: DMG)? HL TRN NM1 DMG INS) "
    "DTP EQ SE GE IEA"
)
"""Loop 2000C of a subscriber, or 2000C and 2000D of a dependent, who carries the trace then."""
_ISA = re.compile(
    r"ISA\*00\* {10}\*00\* {10}\*ZZ\*[^*]{15}\*ZZ\*[^*]{15}"
    r"\*\d{6}\*\d{4}\*\^\*00501\*\d{9}\*[01]\*[PT]\*:~"
)
_REFERENCE = re.compile(r"[!-~]{1,50}")
_NPI = re.compile(r"\d{10}")
_ORIGINATOR = re.compile(r"[139]\d{9}")
_DAY = re.compile(r"\d{8}")
_SERVICE = re.compile(r"[A-Z0-9]{1,2}")
_SUBSCRIBER_NOT_FOUND = "75"
_MISSING_MEMBER_ID = "72"
_NOT_NOW = "42"


class NotA270(Exception):
    """The text breaks the implementation guide; the message names the place."""


class Inquiry(NamedTuple):
    """What a 270 asks."""

    sender: str
    receiver: str
    reference: str
    source: str
    provider: str
    trace: str
    originator: str
    subscriber: str
    dependent: str
    relationship: str
    demographics: str
    member_id: str
    service_type: str


def read_270(text: str) -> Inquiry:
    """Read an inquiry about one subscriber.

    Raises:
        NotA270: it is not written as 005010X279A1 wants.
    """
    _expect(bool(_ISA.match(text)), "ISA: fixed widths, separators * ^ : ~")
    rows = [segment.split("*") for segment in text.removesuffix("~").split("~")]
    names = " ".join(row[0] for row in rows)
    _expect(bool(_SEGMENTS.fullmatch(names)), f"segments: {_SEGMENTS.pattern}")
    _expect(all(row[-1] for row in rows), "no segment ends with an empty element")
    rows = [[*row, *([""] * 10)] for row in rows]
    isa, gs, st, bht, hl_a, source, hl_b, provider = rows[:8]
    dtp, eq, se, ge, iea = rows[-5:]
    _expect(gs[1] == "HS" and gs[7:9] == ["X", _GUIDE], "GS")
    _expect(ge[1:3] == ["1", gs[6]], "GE: one transaction, the control number of GS06")
    _expect(iea[1:3] == ["1", isa[13]], "IEA: one group, the control number of ISA13")
    _expect(st[1:4] == ["270", se[2], _GUIDE], "ST")
    _expect(se[1] == str(len(rows) - len(("ISA", "GS", "GE", "IEA"))), "SE01: segments counted")
    _expect(bht[1:3] == ["0022", "13"] and bool(_REFERENCE.fullmatch(bht[3])), "BHT")
    _expect(hl_a[1:5] == ["1", "", "20", "1"], "2000A HL")
    _expect(hl_b[1:5] == ["2", "1", "21", "1"], "2000B HL")
    _expect(source[1:3] == ["PR", "2"] and source[8] == "PI" and bool(source[9]), "2100A NM1")
    _expect(provider[1:3] == ["1P", "2"] and provider[8] == "XX", "2100B NM1")
    _expect(bool(_NPI.fullmatch(provider[9])), "2100B NM109: an NPI")
    _expect(dtp[1:3] == ["291", "D8"] and bool(_DAY.fullmatch(dtp[3])), "DTP")
    _expect(bool(_SERVICE.fullmatch(eq[1])), "EQ01")
    person = _person_asked_about(rows[8:-5])
    return Inquiry(
        sender=isa[6].strip(),
        receiver=isa[8].strip(),
        reference=bht[3],
        source=_text(source),
        provider=_text(provider),
        trace=person.trace[2],
        originator=person.trace[3],
        subscriber=_text(person.subscriber),
        dependent=_text(person.dependent),
        relationship=person.relationship,
        demographics=_text(person.demographics),
        member_id=person.subscriber[9],
        service_type=eq[1],
    )


class _Person(NamedTuple):
    """Loop 2000C, and 2000D where the patient is a dependent."""

    trace: list[str]
    subscriber: list[str]
    demographics: list[str]
    dependent: list[str]
    relationship: str


def _person_asked_about(rows: list[list[str]]) -> _Person:
    named = [row for row in rows if row[0] == "NM1"]
    (trace,), demographics = [r for r in rows if r[0] == "TRN"], [r for r in rows if r[0] == "DMG"]
    subscriber, dependent = named[0], named[1] if len(named) > 1 else []
    levels = [row[1:5] for row in rows if row[0] == "HL"]
    has_dependent = "1" if dependent else "0"
    _expect(levels[0] == ["3", "2", "22", has_dependent], "2000C HL")
    _expect(trace[1] == "1" and bool(_REFERENCE.fullmatch(trace[2])), "TRN02")
    _expect(bool(_ORIGINATOR.fullmatch(trace[3])), "TRN03")
    _expect(subscriber[1:3] == ["IL", "1"] and subscriber[8] in {"", "MI"}, "2100C NM1")
    for dmg in demographics:
        born = dmg[1] == "D8" and bool(_DAY.fullmatch(dmg[2]))
        _expect(born and dmg[3] in {"", "F", "M"}, "DMG")
    relationship = ""
    if dependent:
        insured = rows[-1]
        _expect(levels[1] == ["4", "3", "23", "0"], "2000D HL")
        _expect(dependent[1:3] == ["03", "1"] and dependent[8:10] == ["", ""], "2100D NM1")
        _expect(insured[1] == "N" and insured[2] in {"01", "19", "34"}, "2100D INS")
        relationship = insured[2]
    return _Person(trace, subscriber, demographics[-1], dependent, relationship)


def _text(row: list[str]) -> str:
    return "*".join(row).rstrip("*")


def write_271(inquiry: Inquiry, behaviour: str, now: datetime, *, authorization: str) -> str:
    """Write the answer.

    Args:
        inquiry: what was asked.
        behaviour: active, inactive, unclear, or not-now.
        now: the business instant.
        authorization: EB11 of the service asked for: Y or N.
    """
    day, minute = now.strftime("%Y%m%d"), now.strftime("%H%M")
    control = f"{crc32(f'{inquiry.trace} {now}'.encode()) % 10**9:09d}"
    sender, receiver = inquiry.receiver, inquiry.sender
    traced = f"TRN*2*{inquiry.trace}*{inquiry.originator}"
    above = ["HL*3*2*22*1", inquiry.subscriber, "HL*4*3*23*0", traced, inquiry.dependent]
    patient = [
        *(above if inquiry.dependent else ["HL*3*2*22*0", traced, inquiry.subscriber]),
        *_reject(inquiry, behaviour),
        inquiry.demographics,
        *([f"INS*N*{inquiry.relationship}"] if inquiry.dependent else []),
        f"DTP*346*D8*{now.year}0101",
        *_benefits(inquiry, behaviour, authorization),
    ]
    if behaviour == "not-now":
        levels = ["HL*1**20*0", "AAA*Y**" + _NOT_NOW + "*R", inquiry.source]
    else:
        levels = ["HL*1**20*1", inquiry.source, "HL*2*1*21*1", inquiry.provider, *patient]
    body = [f"BHT*0022*11*{inquiry.reference}*{day}*{minute}", *levels]
    segments = [
        (
            f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}"
            f"*{day[2:]}*{minute}*^*00501*{control}*0*P*:"
        ),
        f"GS*HB*{sender}*{receiver}*{day}*{minute}*{int(control)}*X*{_GUIDE}",
        f"ST*271*0001*{_GUIDE}",
        *body,
        f"SE*{len(body) + 2}*0001",
        f"GE*1*{int(control)}",
        f"IEA*1*{control}",
    ]
    return "".join(f"{segment}~\n" for segment in segments)


def _reject(inquiry: Inquiry, behaviour: str) -> list[str]:
    if not inquiry.member_id:
        return [f"AAA*N**{_MISSING_MEMBER_ID}*C"]
    return [f"AAA*N**{_SUBSCRIBER_NOT_FOUND}*C"] if behaviour == "unclear" else []


def _benefits(inquiry: Inquiry, behaviour: str, authorization: str) -> list[str]:
    if _reject(inquiry, behaviour):
        return []
    if behaviour == "inactive":
        return ["EB*6**30**VALLEY GOLD HMO"]
    return [
        "EB*1**30*HM*VALLEY GOLD HMO",
        f"EB*1*IND*{inquiry.service_type}*HM*VALLEY GOLD HMO******{authorization}*Y",
        f"EB*B*IND*{inquiry.service_type}*HM*VALLEY GOLD HMO*27*40****{authorization}*Y",
    ]


def _expect(holds: bool, place: str) -> None:  # noqa: FBT001 - an assertion with a name
    if not holds:
        raise NotA270(place)
