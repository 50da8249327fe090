"""The words that the tables use beside codes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ConsentClass(StrEnum):
    """What an order discloses that law protects beyond other health data; the last is strictest.

    RESTRICTED is what its sender labels so (HL7 confidentiality, sensitivity), whatever it says.
    """

    NONE = "none"
    RESTRICTED = "restricted"
    HIV = "hiv"
    MENTAL_HEALTH = "mental-health"
    SUBSTANCE_USE = "substance-use"

    @property
    def rank(self) -> int:
        """How strict the class is; 0 needs no consent."""
        return _STRICTNESS[self]


_STRICTNESS: Final = {known: rank for rank, known in enumerate(ConsentClass)}


class Refusal(StrEnum):
    """What an order is when it is no referral."""

    LABORATORY = "laboratory"
    TRANSPORT = "transport"
    DEVICE = "device"
