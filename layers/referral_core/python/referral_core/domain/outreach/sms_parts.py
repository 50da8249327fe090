"""How many parts a text message is sent in: what it costs, and whether it keeps to one part."""

from __future__ import annotations

from typing import Final, NamedTuple

_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Each takes an escape and a septet."""
_LAST_OF_ONE_UNIT: Final = 0xFFFF


class _Room(NamedTuple):
    """Units in a message that is alone, and in each part of a longer one (the rest is header)."""

    alone: int
    joined: int


_SEPTETS: Final = _Room(160, 153)
_UTF16: Final = _Room(70, 67)


def parts(body: str) -> int:
    """Count the SMS parts of a body (3GPP TS 23.038 and 23.040).

    Septets of the GSM 7-bit alphabet if it has every character, else UTF-16 units. A character
    of two units is never split, so it may leave the last unit of a part empty.
    """
    gsm7 = all(c in _GSM7 or c in _GSM7_EXTENDED for c in body)
    room = _SEPTETS if gsm7 else _UTF16
    widths = [1 + (c in _GSM7_EXTENDED if gsm7 else ord(c) > _LAST_OF_ONE_UNIT) for c in body]
    if sum(widths) <= room.alone:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > room.joined:
            count, used = count + 1, 0
        used += width
    return count
