"""What a patient's text message means; unsure is always for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from unicodedata import category, combining, normalize


class Reply(StrEnum):
    """What a patient's word means to the router; everything else a person reads."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    ANOTHER_TIME = "another-time"
    ANOTHER_CLINIC = "another-clinic"
    OTHER = "other"


class CallResult(StrEnum):
    """What came of a call that staff made."""

    AGREED = "agreed"
    DECLINED = "declined"
    ANOTHER_TIME = "another-time"
    ANOTHER_CLINIC = "another-clinic"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no-answer"
    WRONG_NUMBER = "wrong-number"
    OPTED_OUT = "opted-out"


_WORDS: Final[Mapping[Reply, str]] = {
    # 47 CFR 64.1200(a)(10) names the first seven.
    Reply.STOP: "STOP QUIT REVOKE OPTOUT CANCEL UNSUBSCRIBE END STOPALL REMOVE "
    "ALTO PARAR PARE DETENER BAJA CANCELAR",
    Reply.YES: "YES Y OK SI 1",
    Reply.NO: "NO N 2",
    Reply.ANOTHER_TIME: "TIME HORA 3",
    Reply.ANOTHER_CLINIC: "CLINIC CLINICA 4",
}
_MEANING: Final = {word: reply for reply, words in _WORDS.items() for word in words.split()}


_MAY_MEAN_THE_VISIT: Final = frozenset({"CANCEL", "CANCELAR"})


def read_reply(text: str) -> Reply:
    """Read a patient's text message; unsure is always OTHER.

    Case, accents and punctuation say nothing, and a word may be repeated.
    """
    words = _plain(text).split()
    if _MEANING.get("".join(words)) is Reply.STOP:
        return Reply.STOP  # OPT OUT, STOP ALL
    said = set(words)
    return _MEANING.get(said.pop(), Reply.OTHER) if len(said) == 1 else Reply.OTHER


def names_the_visit(text: str) -> bool:
    """Whether a word that stops all messages (CANCEL) may mean the visit as well."""
    return bool(set(_plain(text).split()) & _MAY_MEAN_THE_VISIT)


def _plain(text: str) -> str:
    letters = (c for c in normalize("NFKD", text) if not combining(c))
    return "".join(" " if category(c).startswith("P") else c for c in letters).upper()
