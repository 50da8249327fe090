"""How a patient is reached: channels, their metered units, caps, and languages of the texts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal

Channel = Literal["sms", "voice", "email", "letter", "portal", "call"]
"""How a patient is reached; `call` is a call by staff, on their worklist."""

CAPPED: Final = frozenset({"sms", "voice", "email"})
"""The channels that a patient gets at most one message a day and three a week by."""
MOST_A_WEEK: Final = 3

METERED: Final[Mapping[Channel, str]] = MappingProxyType(
    {
        "sms": "sms_parts",
        "voice": "voice_calls",
        "email": "emails",
        "letter": "letters",
        "portal": "portal_messages",
        "call": "staff_calls",
    }
)
"""The ledger's unit of each channel."""


def contact_hash(address: str) -> str:
    """Return the hash under which a phone number (E.164) or an email address is looked up."""
    return sha256(address.encode()).hexdigest()


class Purpose(StrEnum):
    """Why a patient is written to.

    Attributes:
        CANCELLATION: a visit does not take place, and another one is wanted.
        VISIT_OFF: a visit does not take place, and another one is looked for without them.
        CALLED_OFF: a visit does not take place, and none is arranged any more.
        WITHDRAWN: they were asked, and nothing is arranged any more.
    """

    INVITATION = "invitation"
    CANCELLATION = "cancellation"
    VISIT_OFF = "visit-off"
    CALLED_OFF = "called-off"
    WITHDRAWN = "withdrawn"
    REMINDER = "reminder"
    PREPARATION = "preparation"


LANGUAGES: Final = ("en", "es")
"""What messages are written in."""


def language_of(spoken: str | None) -> str:
    """Return the language that messages are written in: the patient's, else English."""
    return spoken if spoken in LANGUAGES else "en"
