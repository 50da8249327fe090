"""A result in the terminal: a table with a bar a row, and what the figure means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from local.lake.bars import NOTHING, Bar, bars, cell, is_single, words
from referral_core.reporting.export import metadata
from referral_core.reporting.result import Result
from referral_core.reports.definition import ColumnKind

_LONG, _SHORT, _MANY = 20, 8, 10
"""How long a bar is, and beside how many columns a short one."""
_MOST_ROWS: Final = 12


def shown(result: Result) -> Iterator[RenderableType]:
    """Yield what is printed of a result."""
    figure, told = result.figure, metadata(result)
    grid = Grid(title=figure.title, title_justify="left", title_style="bold")
    if is_single(result):
        _add_columns_as_lines(grid, result)
    else:
        _add_rows(grid, result)
    left = len(result.rows) - _MOST_ROWS
    yield grid if result.rows else Text.assemble((figure.title, "bold"), f"\n{NOTHING}")
    if left > 0:
        yield Text(f"… and {left} rows more", style="dim")
    yield Text(
        f"{figure.definition} Numerator: {figure.numerator}. Denominator: {figure.denominator}. "
        f"Exclusions: {figure.exclusions}. "
        f"{told['basis']}, {told['period_from']} to {told['period_to']}, {told['time_zone']} "
        f"({told['utc_offset']}), as of {told['as_of']}.\n",
        style="dim",
    )


def _add_columns_as_lines(grid: Grid, result: Result) -> None:
    """Show a single row as a line a column: side by side a terminal would cut its numbers off."""
    drawn = {bar.label: bar for bar in bars(result)}
    grid.show_header = False
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column()
    (row,) = result.rows
    for column in result.columns:
        name = words(column.name)
        grid.add_row(name, cell(result, row, column), _bar(drawn.get(name)))


def _add_rows(grid: Grid, result: Result) -> None:
    for column in result.columns:
        # Where there is no room a number's heading is folded; what a row is about is never cut off.
        is_text = column.kind is ColumnKind.TEXT
        grid.add_column(
            words(column.name),
            justify="left" if is_text else "right",
            no_wrap=is_text,
            overflow="fold",
        )
    long = _LONG if len(result.columns) <= _MANY else _SHORT
    grid.add_column("", no_wrap=True, min_width=long)
    for row, bar in list(zip(result.rows, bars(result), strict=True))[:_MOST_ROWS]:
        grid.add_row(*(cell(result, row, c) for c in result.columns), _bar(bar, long))


def _bar(bar: Bar | None, long: int = _LONG) -> str:
    return "" if bar is None or bar.share is None else "█" * round(bar.share * long)
