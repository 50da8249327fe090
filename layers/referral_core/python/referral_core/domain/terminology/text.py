"""Texts are compared by their words: exact after this, never by likeness."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SEMANTIC_TAG: Final = re.compile(
    r"\((?:procedure|qualifier value|regime/therapy|disorder|finding|situation|occupation|"
    r"specialty|environment)\)$",
    re.IGNORECASE,
)
"""What SNOMED CT writes behind a fully specified name."""
_NOT_A_WORD: Final = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Return the words of a text: no case, no punctuation, no semantic tag of SNOMED CT."""
    plain = unicodedata.normalize("NFKC", _SEMANTIC_TAG.sub("", text.strip()))
    return _NOT_A_WORD.sub(" ", plain.casefold()).strip()


def contains_phrase(words: str, phrase: str) -> bool:
    """Whether normalised words hold a normalised phrase as whole words."""
    return f" {phrase} " in f" {words} "
