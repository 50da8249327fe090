"""What goes along with records of substance use: that nobody may pass them on without consent.

The statement is that of 42 CFR 2.32(a)(2); the labels are HL7's for it (v3-ActCode and
v3-Confidentiality), as DS4P puts them on resources.
"""

from __future__ import annotations

from typing import Final

from referral_core.domain.terminology import ConsentClass
from referral_core.fhir.parse import Json

STATEMENT: Final = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_LABELS: Final = (
    (_CONFIDENTIALITY, "R"),
    (_ACT, "42CFRPart2"),
    (_ACT, "NORDSCLCD"),
)


def labelled(meta: Json, discloses: ConsentClass) -> Json:
    """Return a resource's meta with the labels of what it discloses, each once."""
    if discloses is not ConsentClass.SUBSTANCE_USE:
        return meta
    known = list(meta.get("security", ()))
    there = {(label.get("system"), label.get("code")) for label in known}
    added = [{"system": s, "code": c} for s, c in _LABELS if (s, c) not in there]
    return {**meta, "security": [*known, *added]}


def statement(discloses: ConsentClass) -> list[Json]:
    """Return the notes that go along: one, or none where nothing forbids passing it on."""
    return [{"text": STATEMENT}] if discloses is ConsentClass.SUBSTANCE_USE else []
