"""What is shown of a statement's rows: typed, with rates, totals, and small cells kept small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from referral_core.reporting.request import PATIENT_CUTS, ReportRequest
from referral_core.reports.definition import ADDED, ColumnKind, Definition, ResultColumn

Value = str | int | Decimal | date | None
SMALL: Final = 11
"""Cells of patient attributes under so many are not shown, and shown as `< 11`."""
HIDDEN: Final = f"< {SMALL}"
_MS_A_DAY: Final = Decimal(86_400_000)
_RATE, _DAYS = Decimal("0.0001"), Decimal("0.01")


class Row(NamedTuple):
    """One row. Attributes: is_small: its numbers are not shown."""

    values: Mapping[str, Value]
    is_small: bool = False


class Result(NamedTuple):
    """A figure as it was asked for.

    Attributes:
        columns: the cuts asked for, then the figure's.
        totals: control totals of what can be added, and the rates of the totals.
    """

    figure: Definition
    request: ReportRequest
    columns: Sequence[ResultColumn]
    rows: Sequence[Row]
    totals: Mapping[str, Value]


def result_of(
    figure: Definition,
    request: ReportRequest,
    rows: Sequence[Sequence[Any]],
    *,
    small_cells: bool = False,
) -> Result:
    """Return a statement's rows as a result, sorted by their cuts and texts.

    Args:
        figure: whose statement it was.
        request: what was asked.
        rows: as the engine returned them; numbers may be text.
        small_cells: whether cells of few patients are shown (finance's own exports).
    """
    cuts = [ResultColumn(name=n, kind=ColumnKind.TEXT, means=f"cut by {n}") for n in request.by]
    read = [_read(figure, cuts, row) for row in rows]
    texts = [c.name for c in (*cuts, *figure.shown) if c.kind is ColumnKind.TEXT]
    read.sort(key=lambda row: [str(row[name] or "") for name in texts])
    found = [Row({**row, **_computed(figure, row)}) for row in read]
    if not small_cells and set(request.by) & PATIENT_CUTS:
        found = _small_hidden(figure, cuts, found)
    added = {
        c.name: sum((_number(row[c.name]) for row in read), _zero(c))
        for c in figure.selected
        if c.kind in ADDED
    }
    totals = {**added, **_computed(figure, added)}
    return Result(figure, request, (*cuts, *figure.shown), found, totals)


def _read(figure: Definition, cuts: Sequence[ResultColumn], row: Sequence[Any]) -> dict[str, Value]:
    read = dict(zip((c.name for c in cuts), row, strict=False))
    if "received_day" in read:
        read["received_day"] = _value(ColumnKind.DAY, read["received_day"])
    values = zip(figure.selected, row[3:], strict=True)
    return {**read, **{column.name: _value(column.kind, value) for column, value in values}}


def _value(kind: ColumnKind, value: Any) -> Value:
    if value is None or (value == "" and kind is not ColumnKind.TEXT):
        return None
    match kind:
        case ColumnKind.TEXT:
            return str(value)
        case ColumnKind.MONEY:
            return Decimal(str(value))
        case ColumnKind.DAYS:
            return (Decimal(str(value)) / _MS_A_DAY).quantize(_DAYS)
        case ColumnKind.DAY:
            return date(1970, 1, 1) + timedelta(days=int(value))
        case _:
            return int(value)


def _computed(figure: Definition, row: Mapping[str, Any]) -> dict[str, Value]:
    """Return the rates of a row: none without a denominator above zero, never 0 %."""
    found: dict[str, Value] = {}
    for column in figure.shown:
        if column.of is None:
            continue
        above, below = (row.get(name) for name in column.of)
        found[column.name] = None
        if above is not None and below:
            found[column.name] = (Decimal(above) / Decimal(below)).quantize(_RATE)
    return found


def _small_hidden(
    figure: Definition, cuts: Sequence[ResultColumn], rows: Sequence[Row]
) -> list[Row]:
    """Hide rows of few patients; a single one takes the next smallest along.

    Otherwise the total less what is shown would say the number.
    """
    sizes = [_number(row.values[figure.cell]) for row in rows]
    small = {i for i, size in enumerate(sizes) if 0 < size < SMALL}
    others = sorted((size, i) for i, size in enumerate(sizes) if i not in small)
    if len(small) == 1 and others:
        small.add(others[0][1])
    names = {c.name for c in cuts} | {c.name for c in figure.shown if c.kind is ColumnKind.TEXT}
    return [
        Row({n: v if n in names else None for n, v in row.values.items()}, is_small=True)
        if i in small
        else row
        for i, row in enumerate(rows)
    ]


def _number(value: Value) -> int | Decimal:
    return value if isinstance(value, int | Decimal) else 0


def _zero(column: ResultColumn) -> int | Decimal:
    return Decimal(0) if column.kind is ColumnKind.MONEY else 0
