"""What somebody around a patient is to them, and so whether they are called and what they are told.

Codes are those of HL7 v3 RoleCode and of HL7 v2 table 0131, which Patient.contact is bound to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

PARENTS: Final = frozenset(
    {
        *("PRN", "MTH", "FTH", "NMTH", "NFTH", "GESTM", "STPPRN", "STPMTH", "STPFTH", "PRNFOST"),
        *("MTHFOST", "FTHFOST"),
    }
)
"""HL7 v3 RoleCode: parents, foster and step parents. They speak for a child only."""
BY_LAW: Final = frozenset({"GUARD", "POWATT", "DPOWATT", "HPOWATT", "SPOWATT", "RESPRSN"})
"""HL7 v3 RoleCode: guardians, powers of attorney. They speak for a patient of any age."""
_NOT_CALLED: Final = frozenset({"E", "F", "I", "S"})
"""HL7 v2 table 0131: the employer, a federal agency, an insurer, a state agency."""
_NOT_CALLED_WORDS: Final = re.compile(
    r"\b(?:employer|work|boss|supervisor|insurance|insurer|agency|landlord|school|teacher"
    r"|coach|(?<!power of )attorney|lawyer|police|probation|parole"
    r"|empleador|jefe|patron|seguro|escuela)\b",
    re.IGNORECASE,
)
NOT_TO_BE_CALLED: Final = "not-to-be-called"
"""The relationship of somebody who is to learn nothing, not even that the patient is known here."""


def relationship_of(codes: Sequence[str], words: Sequence[str]) -> str | None:
    """Return which of all that is said of somebody counts.

    Args:
        codes: of all codings, in the order sent.
        words: texts and displays.

    Returns:
        That they are not to be called, before who speaks for the patient, before anything else;
        None where nothing is said.
    """
    if _NOT_CALLED & set(codes):
        return NOT_TO_BE_CALLED
    speaks = next((code for code in codes if speaks_for_child(code)), None)
    if speaks is None and any(map(_NOT_CALLED_WORDS.search, words)):
        return NOT_TO_BE_CALLED
    return speaks or next(iter(codes), None)


def may_be_called(relationship: str | None) -> bool:
    """Whether somebody may be called about the patient, whatever they are told."""
    return relationship != NOT_TO_BE_CALLED


def speaks_for_child(relationship: str | None) -> bool:
    """Whether somebody speaks for the patient as long as it is a child."""
    return relationship in PARENTS or relationship in BY_LAW
