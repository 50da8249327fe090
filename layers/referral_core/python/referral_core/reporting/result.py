"""What is shown of a statement's rows: typed, with rates, totals, and small cells kept small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

from referral_core.reporting.request import PATIENT_CUTS, ReportRequest
from referral_core.reporting.small_cells import FEW, Cell, covered
from referral_core.reports.definition import ADDED, ColumnKind, Definition, ResultColumn

Value = str | int | Decimal | date | None
HIDDEN: Final = f"< {FEW}"
"""What is shown of a cell of few patients."""
UNNAMED: Final = "not shown"
"""What stands for an attribute of patients so few that a total would say what each of them is."""
_MS_A_DAY: Final = Decimal(86_400_000)
_RATE, _DAYS = Decimal("0.000001"), Decimal("0.01")
"""A rate has digits enough that who shows one of a percentage rounds once: 41 of 43 is 95.3 %."""


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
    cuts = [
        ResultColumn(name=_cut_name(figure, n), kind=ColumnKind.TEXT, means=f"cut by {n}")
        for n in request.by
    ]
    behind = 1 if request.is_of_patients else 0
    read = [_read(figure, cuts, row[: len(row) - behind]) for row in rows]
    people = [int(row[-1] or 0) if behind else 0 for row in rows]
    texts = [c.name for c in (*cuts, *figure.shown) if c.kind is ColumnKind.TEXT]
    order = sorted(range(len(read)), key=lambda n: [str(read[n][name] or "") for name in texts])
    read, people = [read[n] for n in order], [people[n] for n in order]
    found = [Row({**row, **_computed(figure, row)}) for row in read]
    if behind and not small_cells:
        found = _small_hidden(figure, texts, found, people)
        # Sorted by what is shown: the place of a row would say what its patients are.
        found.sort(key=lambda row: [str(row.values[name] or "") for name in texts])
    added = {
        c.name: _sum([row[c.name] for row in read], _zero(c))
        for c in figure.selected
        if c.kind in ADDED
    }
    totals = {**added, **_computed(figure, added)}
    return Result(figure, request, (*cuts, *figure.shown), found, totals)


def _read(figure: Definition, cuts: Sequence[ResultColumn], row: Sequence[Any]) -> dict[str, Value]:
    read = dict(zip((c.name for c in cuts), row, strict=False))
    if (day := _cut_name(figure, "received_day")) in read:
        read[day] = _value(ColumnKind.DAY, read[day])
    values = zip(figure.selected, row[3:], strict=True)
    return {**read, **{column.name: _value(column.kind, value) for column, value in values}}


def _cut_name(figure: Definition, cut: str) -> str:
    """Return what a cut's column is called: apart from a column of the figure's own."""
    return f"by_{cut}" if any(column.name == cut for column in figure.shown) else cut


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
            found[column.name] = (Decimal(above) / Decimal(below)).quantize(_RATE, ROUND_HALF_UP)
    return found


def _small_hidden(
    figure: Definition, texts: Sequence[str], rows: Sequence[Row], people: Sequence[int]
) -> list[Row]:
    """Hide rows of few patients, and those that would tell them.

    Args:
        figure: its own cell, where it counts less than the referrals behind it, decides.
        texts: names of the columns that say what a row is about.
        rows: sorted.
        people: the referrals behind each row's cut.
    """
    cells = [
        Cell(
            _place(row, figure, texts),
            min((n for n in (int(_number(row.values[figure.cell])), behind) if n > 0), default=0),
            behind,
        )
        for row, behind in zip(rows, people, strict=True)
    ]
    cuts = _cuts(figure, texts)
    cover = covered(cells, [n for n, name in enumerate(cuts) if name in PATIENT_CUTS])
    return [
        _without(row, texts, is_named=place not in cover.nameless) if place in cover.hidden else row
        for place, row in enumerate(rows)
    ]


def _place(row: Row, figure: Definition, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the cuts of a row, and its figure's texts as one: no report leaves out one of them."""
    own = {column.name for column in figure.shown}
    cuts = [str(row.values[name] or "") for name in _cuts(figure, texts)]
    said = [str(row.values[name] or "") for name in texts if name in own]
    return (*cuts, *(["/".join(said)] if said else []))


def _cuts(figure: Definition, texts: Sequence[str]) -> Sequence[str]:
    """Return the cuts by their names: asked for in another order they hide the same cells."""
    own = {column.name for column in figure.shown}
    return sorted(name for name in texts if name not in own)


def _without(row: Row, texts: Sequence[str], *, is_named: bool) -> Row:
    """Return a row without its numbers, and perhaps without what its patients are."""
    said = {n: v if n in texts else None for n, v in row.values.items()}
    return Row(said if is_named else {**said, **_nameless(said)}, is_small=True)


def _nameless(said: Mapping[str, Value]) -> dict[str, Value]:
    return dict.fromkeys(PATIENT_CUTS & said.keys(), UNNAMED)


def _number(value: Value) -> int | Decimal:
    return value if isinstance(value, int | Decimal) else 0


def _sum(values: Sequence[Value], zero: int | Decimal) -> Value:
    """Return the sum of what there is; of rows that all have none it is none, and not nothing."""
    known = [value for value in values if value is not None]
    return sum(map(_number, known), zero) if known or not values else None


def _zero(column: ResultColumn) -> int | Decimal:
    return Decimal(0) if column.kind is ColumnKind.MONEY else 0
