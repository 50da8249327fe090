"""Names in letters that every keyboard and X12 have: without accents, others written out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WRITTEN_OUT: Final = str.maketrans(
    {
        "Æ": "AE",
        "æ": "ae",
        "Œ": "OE",
        "œ": "oe",
        "Ø": "O",
        "ø": "o",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "Ð": "D",
        "ð": "d",
        "Þ": "TH",
        "þ": "th",
        "ß": "ss",
        "ẞ": "SS",
        "Ħ": "H",
        "ħ": "h",
        "\u0131": "i",
        "Ŋ": "N",
        "ŋ": "n",
        "Ŧ": "T",
        "ŧ": "t",
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02bb\u2032\u00b4`", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
    }
)
"""Latin letters that Unicode does not take apart, and the signs that typewriters do not have."""
_WITH_A_MARK: Final = r"LATIN (CAPITAL|SMALL) LETTER (?:AFRICAN )?([A-Z])(?: WITH .+)?"
"""The Unicode name of a letter that is another one with a hook, a stroke, a tail: Ɓ, ƙ, ȼ, Ǥ."""


def plain(text: str) -> str:
    """Return a text without accents; letters of another script stay as they are.

    Letters that are no letter with an accent (ß, ø, ł) have their own ways. A letter of which no
    one way is known stays too (ə is written e, a or ae: which, only its owner knows).
    """
    if text.isascii():
        return text.translate(_WRITTEN_OUT)
    decomposed = unicodedata.normalize("NFKD", text.translate(_WRITTEN_OUT))
    return "".join(_unmarked(sign) for sign in decomposed if not unicodedata.combining(sign))


def _unmarked(sign: str) -> str:
    if sign.isascii():
        return sign
    found = re.fullmatch(_WITH_A_MARK, unicodedata.name(sign, ""))  # few texts have any
    if found is None:
        return sign
    return found[2] if found[1] == "CAPITAL" else found[2].lower()
