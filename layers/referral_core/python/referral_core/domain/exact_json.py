"""JSON whose decimals keep their digits: 1.50 is not 1.5, for a dose or a measurement (FHIR R4).

A number with a point or an exponent, or -0, is a `Decimal` while it is ours; the standard library
reads and writes all the rest.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from decimal import Decimal
from typing import Any, Final, NoReturn

_MARK: Final = f"decimal-{secrets.token_hex(16)}-"
"""Nobody outside this process knows it, so that no text can pass for a number."""
_MARKED: Final = f'"{_MARK}([^"]*)"'


class DuplicateName(ValueError):
    """An object has the same name twice: which of the values counts, nobody knows.

    Attributes:
        name: of the element.
    """

    def __init__(self, name: str) -> None:
        """Take the name."""
        super().__init__("an object has the same name twice")
        self.name = name


class _Verbatim(Decimal):
    """A decimal that is written as it was read: 0.0000001, not 1E-7.

    Attributes:
        text: as it was read.
    """

    text: str


def loads(text: str | bytes) -> Any:
    """Read JSON.

    Raises:
        DuplicateName: an object has the same name twice.
        ValueError: it is not JSON, or a number overflows.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        text,
        parse_float=_decimal,
        parse_int=_whole,
        parse_constant=_not_json,
        object_pairs_hook=_object,
    )


def dumps(value: Any, *, sort_keys: bool = False, ensure_ascii: bool = False) -> str:
    """Write JSON without spaces."""
    text = json.dumps(
        value,
        default=_marked,
        ensure_ascii=ensure_ascii,
        allow_nan=False,
        sort_keys=sort_keys,
        separators=(",", ":"),
    )
    return re.sub(_MARKED, r"\1", text) if _MARK in text else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateName(next(name for name in names if names.count(name) > 1))
    return found


def _decimal(text: str) -> Decimal:
    if not math.isfinite(float(text)):
        raise ValueError("the number overflows")
    number = _Verbatim(text)
    number.text = text
    return number


def _whole(text: str) -> int | Decimal:
    return _decimal(text) if text == "-0" else int(text)


def _not_json(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{getattr(value, 'text', value)}"
    raise TypeError(f"{type(value).__name__} is not JSON")
