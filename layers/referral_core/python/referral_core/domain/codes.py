"""What may stand in events and projections: codes, and nothing that a person may have written.

FHIR lets a code hold words with spaces, and people write names into it. Words stay in payloads and
documents.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+^-]{0,63}", re.ASCII)
_SYSTEM: Final = re.compile(r"[!-{}~]{1,256}", re.ASCII)
_NUMBER: Final = re.compile(r"(?=\D*\d)[A-Za-z0-9][\w ./#-]{0,79}", re.ASCII)
_NPI: Final = re.compile(r"\d{10}", re.ASCII)


def code_in(text: str | None) -> str | None:
    """Return a code, or None where the text is none: it has spaces, or more than 64 characters."""
    return text if text is not None and _CODE.fullmatch(text) else None


def token_in(text: str | None) -> str | None:
    """Return `system|code` or a code, or None where either is none."""
    system, mark, code = (text or "").rpartition("|")
    known = code_in(code)
    return text if known and (not mark or not system or _SYSTEM.fullmatch(system)) else None


def number_in(text: str | None) -> str | None:
    """Return a number as payers give it to an authorization, or None: it has no digit, say."""
    return text if text is not None and _NUMBER.fullmatch(text) else None


def npi_in(text: str | None) -> str | None:
    """Return a National Provider Identifier, or None where it has not ten digits."""
    return text if text is not None and _NPI.fullmatch(text) else None


def codes_in(text: object) -> str | None:
    """Return codes or tokens, several with `; ` between them, or None where one is none."""
    if not isinstance(text, str) or len(text) > _SEVERAL:
        return None
    return text if all(token_in(part) for part in text.split("; ")) else None


def _number_or_none(text: object) -> str | None:
    return number_in(text) if isinstance(text, str) else None


_SEVERAL: Final = 1024
Coded = Annotated[str | None, BeforeValidator(codes_in)]
"""A field that somebody outside filled: what is no code does not come in, whatever way it takes."""
CodedOrEmpty = Annotated[str, BeforeValidator(lambda text: codes_in(text) or "")]
Numbered = Annotated[str | None, BeforeValidator(_number_or_none)]
"""A number as payers give it to an authorization."""
