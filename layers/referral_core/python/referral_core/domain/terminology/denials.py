"""Where a text says of what law protects more that it is not so: shortly before, in its clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from referral_core.domain.terminology.text import normalised

_DENIES: Final = frozenset({"no", "not", "never", "denies", "denied", "without", "negative"})
_DENIED_WITHIN: Final = 4
"""How many words before a phrase may say that it is not so, within the same clause."""
_NO_MORE: Final = ("no", "longer")
"""What was so is told, too."""
SENTENCE: Final = re.compile(r"[.;!?](?=\s|$)|[\n\r]+")
_CLAUSE: Final = re.compile(
    rf"{SENTENCE.pattern}|[,()\[\]\u2013\u2014]+|\s-+\s|\b(?=(?:but|however|pero)\b)",
    re.IGNORECASE,
)
"""Between two clauses: that one of them denies says nothing of the next. No word is within it."""


class Denials:
    """What a text denies.

    Args:
        text: as it is written.
        words: the same, normalised.
    """

    def __init__(self, text: str, words: Sequence[str]) -> None:
        self._text, self._words = text, words
        self._begins: Sequence[int] | None = None

    def denies(self, at: int) -> bool:
        """Whether its clause says shortly before a word that it is not so, and never was."""
        if _DENIES.isdisjoint(self._words[max(0, at - _DENIED_WITHIN) : at]):
            return False
        # Few texts deny anything near such a word, and only they are taken apart.
        if self._begins is None:
            self._begins = _clause_begins(self._text)
        begin = self._begins[at] if at < len(self._begins) else at
        before = range(max(begin, at - _DENIED_WITHIN), at)
        words = self._words
        return any(words[n] in _DENIES and tuple(words[n : n + 2]) != _NO_MORE for n in before)


def _clause_begins(text: str) -> Sequence[int]:
    """Return of each word of a text, as `normalised` has them, with which one its clause begins."""
    begins: list[int] = []
    for clause in _CLAUSE.split(text):
        begins += [len(begins)] * len(normalised(clause).split())
    return begins
