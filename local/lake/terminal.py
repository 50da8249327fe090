"""A result in the terminal: a table with a bar a row, and what the figure means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from local.lake.bars import bars, said, words
from referral_core.reporting.export import metadata
from referral_core.reporting.result import HIDDEN, Result
from referral_core.reports.definition import ColumnKind

_LONG: Final = 20
_MOST_ROWS: Final = 12


def shown(result: Result) -> Iterator[RenderableType]:
    """Yield what is printed of a result."""
    figure, told = result.figure, metadata(result)
    grid = Grid(title=figure.title, title_justify="left", title_style="bold")
    for column in result.columns:
        grid.add_column(
            words(column.name),
            justify="left" if column.kind is ColumnKind.TEXT else "right",
        )
    grid.add_column("", no_wrap=True, min_width=_LONG)
    # Of a single row the first bar is drawn; the others are for a page, which has the room.
    for row, bar in list(zip(result.rows, bars(result), strict=False))[:_MOST_ROWS]:
        cells = [
            HIDDEN if row.is_small and c.name == figure.cell else said(c, row.values[c.name])
            for c in result.columns
        ]
        grid.add_row(*cells, "" if bar.share is None else "█" * round(bar.share * _LONG))
    left = len(result.rows) - _MOST_ROWS
    yield grid
    if left > 0:
        yield Text(f"… and {left} rows more", style="dim")
    yield Text(
        f"{figure.definition} Of: {figure.denominator}. Without: {figure.exclusions}. "
        f"{told['basis']}, {told['period_from']} to {told['period_to']}, {told['time_zone']} "
        f"({told['utc_offset']}), as of {told['as_of']}.\n",
        style="dim",
    )
