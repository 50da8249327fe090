"""Numbers as people type them: which of them are the same."""

from __future__ import annotations

import unicodedata


def folded_number(identifier: str | None) -> str | None:
    """Return an identifier without its system, letter case, hyphens and spaces.

    Args:
        identifier: a value, or `system|value`.

    Returns:
        Letters and digits; None where there are none.
    """
    if identifier is None:
        return None
    value = identifier.rpartition("|")[2]
    decomposed = unicodedata.normalize("NFKD", value).casefold()
    return "".join(c for c in decomposed if c.isalnum()) or None
