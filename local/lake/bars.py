"""What of a result is drawn: a bar a row, of a rate or an amount; of one row a bar a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from referral_core.reporting.export import plain
from referral_core.reporting.result import HIDDEN, UNNAMED, Result, Row, Value
from referral_core.reports.definition import ColumnKind, ResultColumn

NONE: Final = "none"
NOTHING: Final = "Nothing in this period."
_SHOWN_FIRST: Final = (ColumnKind.RATIO, ColumnKind.MONEY, ColumnKind.MEAN, ColumnKind.COUNT)
"""A figure with a mean of money has the money too."""
_HUNDRED, _TENTH = 100, Decimal("0.1")
_BETWEEN: Final = re.compile(r"(?<=\d)_(?=\d)")


class Bar(NamedTuple):
    """One bar. Attributes: share: of the longest, 0 to 1; None where there is no number."""

    label: str
    text: str
    share: float | None


def drawn(result: Result) -> ResultColumn:
    """Return the column that is drawn: the first rate of the figure, else its first amount."""
    for kind in _SHOWN_FIRST:
        for column in result.figure.columns:
            if column.kind is kind:
                return column
    raise ValueError(f"{result.figure.name} has nothing to draw")


def bars(result: Result) -> Sequence[Bar]:
    """Return a bar a row, or of a single one a bar a column of the kind that is drawn.

    A rate's whole is one, an amount's the greatest.
    """
    column = drawn(result)
    if is_single(result):
        alike = [c for c in result.figure.columns if c.kind is column.kind]
        return _of_columns(result.rows[0], alike)
    numbers = [_number(row.values[column.name]) for row in result.rows]
    known = [number for number in numbers if number is not None]
    whole = Decimal(1) if column.kind is ColumnKind.RATIO else max([*known, Decimal(0)])
    found = []
    for row, number in zip(result.rows, numbers, strict=True):
        names = [
            str(plain(row.values[c.name]) or "unknown")
            for c in result.columns
            if c.kind is ColumnKind.TEXT
        ]
        text = HIDDEN if row.is_small else said(column, row.values[column.name])
        share = float(min(Decimal(1), number / whole)) if number is not None and whole else None
        found.append(Bar(" · ".join(names) or "all", text, share))
    return found


def cell(result: Result, row: Row, column: ResultColumn) -> str:
    """Return what is shown of a row in a column: what is hidden is not none."""
    if row.is_small and column.kind is not ColumnKind.TEXT:
        return HIDDEN if column.name == result.figure.cell else UNNAMED
    return said(column, row.values[column.name])


def is_single(result: Result) -> bool:
    """Whether it is one row about everything, which is its own total."""
    return len(result.rows) == 1 and all(c.kind is not ColumnKind.TEXT for c in result.columns)


def words(name: str) -> str:
    """Return a column's name as a person reads it."""
    return _BETWEEN.sub(" to ", name).replace("_", " ")


def _of_columns(row: Row, columns: Sequence[ResultColumn]) -> Sequence[Bar]:
    numbers = [_number(row.values[c.name]) for c in columns]
    known = [number for number in numbers if number is not None]
    whole = Decimal(1) if columns[0].kind is ColumnKind.RATIO else max([*known, Decimal(0)])
    return [
        Bar(
            words(c.name),
            said(c, row.values[c.name]),
            float(min(Decimal(1), number / whole)) if number is not None and whole else None,
        )
        for c, number in zip(columns, numbers, strict=True)
    ]


def said(column: ResultColumn, value: Value) -> str:
    """Return a value as a person reads it; what does not exist is none."""
    if value is None:
        return NONE if column.kind is not ColumnKind.TEXT else "unknown"
    match column.kind:
        case ColumnKind.RATIO:
            percent = Decimal(str(value)) * _HUNDRED
            return f"{percent.quantize(_TENTH, ROUND_HALF_UP)} %"
        case ColumnKind.MONEY | ColumnKind.MONEY_MEAN:
            usd = Decimal(str(value))
            return f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:,.4f}"
        case ColumnKind.DAYS | ColumnKind.MEAN:
            return f"{Decimal(str(value)):.2f}"
        case _:
            return str(plain(value))


def _number(value: Value) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) else None
