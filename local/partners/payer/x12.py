"""The simulated payer's X12: it reads a 270 strictly and writes the 271.

Written apart from the product's own reader on purpose: what both got wrong alike would not show.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

_GUIDE = "005010X279A1"
_SEGMENTS = [
    *("ISA", "GS", "ST", "BHT", "HL", "NM1", "HL", "NM1", "HL", "TRN", "NM1"),
    *("DMG", "DTP", "EQ", "SE", "GE", "IEA"),
]
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
    _expect([row[0] for row in rows] == _SEGMENTS, f"segments: {' '.join(_SEGMENTS)}")
    _expect(all(row[-1] for row in rows), "no segment ends with an empty element")
    isa, gs, st, bht, hl_a, source, hl_b, provider, hl_c, trn, person, dmg, dtp, eq, se, ge, iea = (
        [*row, *([""] * 10)] for row in rows
    )
    _expect(gs[1] == "HS" and gs[7:9] == ["X", _GUIDE], "GS")
    _expect(ge[1:3] == ["1", gs[6]], "GE: one transaction, the control number of GS06")
    _expect(iea[1:3] == ["1", isa[13]], "IEA: one group, the control number of ISA13")
    _expect(st[1:4] == ["270", se[2], _GUIDE], "ST")
    _expect(se[1] == str(len(rows) - len(("ISA", "GS", "GE", "IEA"))), "SE01: segments counted")
    _expect(bht[1:3] == ["0022", "13"] and bool(_REFERENCE.fullmatch(bht[3])), "BHT")
    _expect(hl_a[1:5] == ["1", "", "20", "1"], "2000A HL")
    _expect(hl_b[1:5] == ["2", "1", "21", "1"], "2000B HL")
    _expect(hl_c[1:5] == ["3", "2", "22", "0"], "2000C HL")
    _expect(source[1:3] == ["PR", "2"] and source[8] == "PI" and bool(source[9]), "2100A NM1")
    _expect(provider[1:3] == ["1P", "2"] and provider[8] == "XX", "2100B NM1")
    _expect(bool(_NPI.fullmatch(provider[9])), "2100B NM109: an NPI")
    _expect(trn[1] == "1" and bool(_REFERENCE.fullmatch(trn[2])), "TRN02")
    _expect(bool(_ORIGINATOR.fullmatch(trn[3])), "TRN03")
    _expect(person[1:3] == ["IL", "1"] and person[8] in {"", "MI"}, "2100C NM1")
    _expect(dmg[1] == "D8" and bool(_DAY.fullmatch(dmg[2])) and dmg[3] in {"", "F", "M"}, "DMG")
    _expect(dtp[1:3] == ["291", "D8"] and bool(_DAY.fullmatch(dtp[3])), "DTP")
    _expect(bool(_SERVICE.fullmatch(eq[1])), "EQ01")
    return Inquiry(
        sender=isa[6].strip(),
        receiver=isa[8].strip(),
        reference=bht[3],
        source="*".join(rows[5]),
        provider="*".join(rows[7]),
        trace=trn[2],
        originator=trn[3],
        subscriber="*".join(rows[10]),
        demographics="*".join(rows[11]),
        member_id=person[9],
        service_type=eq[1],
    )


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
    patient = [
        "HL*3*2*22*0",
        f"TRN*2*{inquiry.trace}*{inquiry.originator}",
        inquiry.subscriber,
        *_reject(inquiry, behaviour),
        inquiry.demographics,
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
