"""What people write beside a phone number, or several numbers into one field; most do neither."""

from __future__ import annotations

import re
from typing import Final

_BETWEEN: Final = re.compile(r"\s*(?:[,;|&]|/(?!\d{3}\b)|\bor\b|\band\b|\n)\s*", re.IGNORECASE)
"""What stands between two numbers that people write into one field."""
_MOBILE: Final = re.compile(r"\b(?:cell(?:ular)?|mob(?:ile)?|c|m)\b|\d\s*[cm]$", re.IGNORECASE)
_EXTENSION: Final = re.compile(
    r"\s*,?\s*(?:;ext=|ex(?:tn?)?\.?|extension|x|#)\s*\d{0,7}\s*$", re.IGNORECASE
)
_LABEL: Final = (
    r"(?:home|cell(?:ular)?|mob(?:ile)?|work|wk|hm|phone|ph|tel|main|primary|preferred|voice"
    r"|landline|daytime|evening|h|c|m|w|p)(?:\s+(?:phone|number|no))?"
)
_BEFORE: Final = re.compile(rf"^{_LABEL}[.:#]*\s+|^{_LABEL}:", re.IGNORECASE)
_BEHIND: Final = re.compile(rf"(?<=\d)\s*[(\[,\-]?\s*{_LABEL}[.)\]]*$", re.IGNORECASE)
"""What people write beside a number to say which it is."""


def without_words(written: str) -> str:
    """Return a number without its extension and what says which it is."""
    return _BEFORE.sub("", _BEHIND.sub("", _EXTENSION.sub("", written)))


def several(written: str) -> list[str]:
    """Return the parts of a text that holds several numbers."""
    return [part for part in _BETWEEN.split(written.strip()) if part]


def is_mobile(written: str) -> bool:
    """Tell whether a number is said to be a mobile one."""
    return _MOBILE.search(written) is not None
