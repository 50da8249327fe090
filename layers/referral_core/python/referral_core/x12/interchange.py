"""The envelope of X12: what separates its segments is declared in the text itself.

Payers send byte-order marks, indentation, line ends after segments, unusual separators and version
strings that contradict each other. All of that is read. What would lose content silently (a cut
transmission, a wrong segment count) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from referral_core.domain.errors import Permanent
from referral_core.domain.letters import plain


class X12Error(Permanent):
    """The text is not the X12 it should be; the message names the place, never the content."""


Segment = tuple[str, ...]
"""A segment's id and its elements; element n of the standard is at index n."""


class Separators(NamedTuple):
    """The four characters that structure an interchange."""

    element: str = "*"
    repetition: str = "^"
    component: str = ":"
    terminator: str = "~"


class Transaction(NamedTuple):
    """One transaction set, ST to SE, with the separators it is written with."""

    kind: str
    segments: tuple[Segment, ...]
    separators: Separators


_ISA_ELEMENTS: Final = 16
_ST_KIND: Final = 1
_IGNORED: Final = "\ufeff \t\r\n"
_OUTSIDE_CHARACTER_SET: Final = re.compile(r"[^A-Za-z0-9 !\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]")


def read_transactions(text: str) -> tuple[Transaction, ...]:
    """Read all transaction sets of an interchange.

    Raises:
        X12Error: no interchange, unusable separators, or a transaction that is not whole.
    """
    text = text.lstrip(_IGNORED + "\u200b").removeprefix("ï»¿").lstrip(_IGNORED)
    separators = _separators(text)
    pieces = text.split(separators.terminator)
    segments = [
        tuple(element.strip() for element in piece.split(separators.element))
        for piece in (piece.strip(_margin(separators)) for piece in pieces)
        if piece
    ]
    return tuple(_transactions(segments, separators))


def element(segment: Segment, number: int) -> str:
    """Return an element by its number in the standard; empty when the segment ends before it."""
    return segment[number] if number < len(segment) else ""


def _separators(text: str) -> Separators:
    if not text.startswith("ISA") or len(text) <= len("ISA"):
        raise X12Error("The text does not begin with an ISA segment.")
    mark = text[len("ISA")]
    # ISA16 is one character and the terminator is the next: counting elements instead of
    # characters also reads an ISA whose padding was trimmed on the way.
    elements = text.split(mark, _ISA_ELEMENTS)
    if len(elements) <= _ISA_ELEMENTS or len(elements[_ISA_ELEMENTS]) < len(":~"):
        raise X12Error("The ISA segment ends too early.")
    component, terminator = elements[_ISA_ELEMENTS][0], elements[_ISA_ELEMENTS][1]
    declared = elements[11].strip()
    # Before 00501 ISA11 named the standard ("U") and nothing repeated.
    usable = len(declared) == 1 and _may_separate(declared)
    repetition = declared if usable else Separators().repetition
    chosen = (mark, component, terminator)
    if len(set(chosen)) < len(chosen) or not all(map(_may_separate, chosen)):
        raise X12Error("The ISA segment declares unusable separators.")
    return Separators(mark, repetition, component, terminator)


def _may_separate(character: str) -> bool:
    return not character.isalnum() and character != " "


def _margin(separators: Separators) -> str:
    return "".join(character for character in _IGNORED if character not in separators)


def _transactions(segments: Sequence[Segment], separators: Separators) -> Iterable[Transaction]:
    opened: list[Segment] | None = None
    for segment in segments:
        match segment[0]:
            case "ST" if opened is None:
                opened = [segment]
            case "ST":
                raise X12Error("A transaction begins before the last one ended.")
            case "SE" if opened is not None:
                opened.append(segment)
                _require_whole(opened)
                yield Transaction(element(opened[0], _ST_KIND), tuple(opened), separators)
                opened = None
            case _ if opened is not None:
                opened.append(segment)
    if opened is not None:
        raise X12Error("The text ends inside a transaction.")


def _require_whole(segments: Sequence[Segment]) -> None:
    if element(segments[-1], 1).lstrip("0") != str(len(segments)):
        raise X12Error("SE01 does not count the segments that arrived.")


class Envelope(NamedTuple):
    """Who sends what to whom, when.

    Attributes:
        sender: ISA06 and GS02, at most 15 characters.
        receiver: ISA08 and GS03, at most 15 characters.
        control: ISA13 and GS06, 1 to 999,999,999.
        functional: GS01, for example HS for a 270.
        version: GS08 and ST03.
    """

    sender: str
    receiver: str
    sent_at: datetime
    control: int
    functional: str
    version: str


def write_interchange(envelope: Envelope, kind: str, body: Sequence[Segment]) -> str:
    """Write one transaction set in its interchange, with the customary separators.

    Args:
        envelope: who sends what to whom.
        kind: ST01, for example 270.
        body: the segments between ST and SE.
    """
    day, minute = envelope.sent_at.strftime("%Y%m%d"), envelope.sent_at.strftime("%H%M")
    control = f"{envelope.control:09d}"
    isa = (
        *("ISA", "00", " " * 10, "00", " " * 10),
        *("ZZ", f"{identifier(envelope.sender, 15):15}"),
        *("ZZ", f"{identifier(envelope.receiver, 15):15}"),
        *(day[2:], minute, "^", "00501", control, "0", "P", ":"),
    )
    gs = (
        *("GS", envelope.functional, envelope.sender, envelope.receiver),
        *(day, minute, str(envelope.control), "X", envelope.version),
    )
    count = len(body) + 2
    segments = (
        isa,
        gs,
        ("ST", kind, "0001", envelope.version),
        *(_trimmed(segment) for segment in body),
        ("SE", str(count), "0001"),
        ("GE", "1", str(envelope.control)),
        ("IEA", "1", control),
    )
    return "".join("*".join(segment) + "~" for segment in segments)


def _trimmed(segment: Segment) -> Segment:
    end = max(number for number, value in enumerate(segment) if value)
    return segment[: end + 1]


def words(text: str, longest: int) -> str:
    """Bring free text into X12's character set: Latin letters written out, other signs spaces, cut.

    Accents are dropped; letters that are no letter with an accent (ß, ø, ł) have their own ways.
    """
    return " ".join(_OUTSIDE_CHARACTER_SET.sub(" ", plain(text)).split())[:longest].strip()


def loses_letters(text: str) -> bool:
    """Whether a word would lose some of its letters: what is left of it is another word.

    A word of another script that stands beside a Latin one is left out whole.
    """
    return any(
        len({sign.isascii() for sign in word if sign.isalpha()}) > 1 for word in plain(text).split()
    )


def identifier(text: str, longest: int) -> str:
    """Return an identifier as it is: one that X12 cannot carry is refused, never altered.

    Raises:
        X12Error: it is empty, too long, or holds characters that X12 reserves.
    """
    if not text or words(text, longest) != text:
        raise X12Error(f"An identifier is not 1 to {longest} characters of X12's set.")
    return text
