"""An example of each figure, for its row in docs/figures.md: what the whole month says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Final

from local.lake.bars import said, words
from referral_core.reporting.export import metadata
from referral_core.reporting.result import Result, Value
from referral_core.reports.definition import ColumnKind

EXAMPLES: Final = Path(__file__).parents[2] / "docs/figures_examples.json"
"""Written by `python -m local.lake --data … --examples`, read where the table is made."""
_BESIDE: Final = ("unknown", "not_valued", "not_priced")
"""What no figure that lacks it is said without."""


def example(result: Result) -> str:
    """Return what all rows together say: the figure's rate and of what, else its amount.

    What the figure lacks stands beside it: units without a price, unknown performers.
    """
    beside = (f", {n} {words(name)}" for name in _BESIDE if (n := result.totals.get(name)))
    return "".join((_said(result), *beside))


def _said(result: Result) -> str:
    order = (
        *(ColumnKind.RATIO, ColumnKind.MEAN, ColumnKind.MONEY_MEAN),
        *(ColumnKind.MONEY, ColumnKind.COUNT),
    )
    column = next(
        c
        for kind in order
        for c in result.figure.columns
        if c.kind is kind and result.totals.get(c.name) is not None
    )
    text = said(column, result.totals[column.name])
    if column.of is None:
        return f"{text} {column.name}"
    above, below = (result.totals.get(name) for name in column.of)
    return text if above is None or below is None else f"{text}: {_plain(above)} of {_plain(below)}"


def _plain(value: Value) -> str:
    return f"${value:,.2f}" if isinstance(value, Decimal) else str(value)


def written(results: Iterable[Result], path: Path = EXAMPLES) -> None:
    """Write the examples of some results, with the days that they are of."""
    found = {result.figure.name: result for result in results}
    told = metadata(next(iter(found.values())))
    of = f"{told['period_from']} to {told['period_to']}, as of {told['as_of'][:10]}"
    body = {"of": of, "figures": {name: example(result) for name, result in found.items()}}
    path.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
