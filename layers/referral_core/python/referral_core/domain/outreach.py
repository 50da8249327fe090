"""What a patient is told and how a reply is read: no specialty, no diagnosis, one SMS part."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_STOP: Final = frozenset(
    {"STOP", "QUIT", "REVOKE", "OPT OUT", "OPTOUT", "CANCEL", "UNSUBSCRIBE", "END", "STOPALL"}
)
_YES: Final = frozenset({"YES", "Y", "OK", "SI", "SÍ", "1"})
_NO: Final = frozenset({"NO", "N", "2"})


class Reply(StrEnum):
    """What a reply means to the router; everything else a person reads."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    OTHER = "other"


def read_reply(text: str) -> Reply:
    """Read a patient's text message; unsure is always OTHER."""
    word = " ".join(text.upper().replace(".", " ").replace("!", " ").split())
    if word in _STOP:
        return Reply.STOP
    if word in _YES:
        return Reply.YES
    if word in _NO:
        return Reply.NO
    return Reply.OTHER


def invitation(sender_name: str, call_back: str) -> str:
    """Compose the invitation: sender, request, call-back number, opt-out; never why."""
    return (
        f"{sender_name}: your doctor asked us to arrange a visit for you. "
        f"Reply YES to go ahead, NO to decline, STOP to opt out. Call {call_back}"
    )
