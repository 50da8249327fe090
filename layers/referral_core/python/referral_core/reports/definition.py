"""The header of a figure's SQL: what it is, of what, without what, and what each column means."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from referral_core.domain.model import Model

_FIELD: Final = re.compile(r"-- ([a-z]+): (.+)\Z")
_COLUMN: Final = re.compile(
    r"-- column ([a-z0-9_]+) ([a-z-]+)(?: ([a-z0-9_]+)/([a-z0-9_]+))?: (.+)\Z"
)


class ColumnKind(StrEnum):
    """What a column of a result holds; the engine says milliseconds, dollars and plain numbers."""

    TEXT = "text"
    DAY = "day"
    COUNT = "count"
    DAYS = "days"
    MONEY = "money"
    RATIO = "ratio"
    NUMBER = "number"
    MEAN = "mean"
    MONEY_MEAN = "money-mean"


ADDED: Final = frozenset({ColumnKind.COUNT, ColumnKind.MONEY})
"""Kinds whose sum over all rows is a control total."""
COMPUTED: Final = frozenset({ColumnKind.RATIO, ColumnKind.MEAN, ColumnKind.MONEY_MEAN})
"""Kinds that are computed of two other columns, exactly and alike whatever engine ran."""


class ResultColumn(Model):
    """One column of a result. Attributes: of: what a computed one is computed of."""

    name: str
    kind: ColumnKind
    means: str
    of: tuple[str, str] | None = None


MATURITY: Final = (
    ResultColumn(name="cohort", kind=ColumnKind.NUMBER, means="referrals received in the period"),
    ResultColumn(name="still_open", kind=ColumnKind.NUMBER, means="referrals still open"),
    ResultColumn(
        name="immature",
        kind=ColumnKind.NUMBER,
        means="of the cohort, younger than their pathway's horizon",
    ),
    ResultColumn(
        name="open_share",
        kind=ColumnKind.RATIO,
        means="still open of the cohort: what a young cohort does not say yet",
        of=("still_open", "cohort"),
    ),
)
"""What stands behind every figure that a young cohort says little of."""


class Definition(Model):
    """One figure.

    Attributes:
        cell: the column whose number makes a cell a small one.
        matures: whether a young cohort says little yet.
        cut: by what it is cut when nobody asks otherwise.
        sql: over the common tables.
    """

    name: str
    title: str
    definition: str
    numerator: str
    denominator: str
    exclusions: str
    cell: str
    matures: bool = False
    cut: str | None = None
    columns: tuple[ResultColumn, ...]
    sql: str

    @property
    def shown(self) -> tuple[ResultColumn, ...]:
        """All columns of a result behind its cuts, in order."""
        return (*self.columns, *(MATURITY if self.matures else ()))

    @property
    def selected(self) -> tuple[ResultColumn, ...]:
        """The columns that the statement returns, behind the three cuts."""
        return tuple(c for c in self.shown if c.of is None)


class BadHeader(ValueError):
    """A figure's header lacks something, or says what it must not."""


def parsed(name: str, text: str) -> Definition:
    """Read one figure.

    Raises:
        BadHeader: its header is not one.
    """
    fields: dict[str, str] = {}
    columns: list[ResultColumn] = []
    lines = text.splitlines()
    header = [line for line in lines if line.startswith("-- ")]
    for line in header:
        if found := _COLUMN.match(line):
            columns.append(_column(found))
        elif plain := _FIELD.match(line):
            fields[plain[1]] = plain[2]
        else:
            raise BadHeader(f"{name}: {line!r} is neither a field nor a column")
    matures = fields.pop("matures", "no") == "yes"
    try:
        read = Definition.model_validate(
            {**fields, "name": name, "columns": tuple(columns), "matures": matures, "sql": text}
        )
    except ValueError as error:
        raise BadHeader(f"{name}: {error}") from error
    known = {c.name for c in columns}
    named = {n for c in columns for n in c.of or ()} | {read.cell}
    if missing := named - known:
        raise BadHeader(f"{name}: no column {sorted(missing)}")
    return read


def _column(found: re.Match[str]) -> ResultColumn:
    kind = ColumnKind(found[2])
    of = (found[3], found[4]) if found[3] else None
    if (of is not None) is not (kind in COMPUTED):
        raise BadHeader(f"{found[1]}: a {kind} is computed of two columns, and nothing else is")
    return ResultColumn(name=found[1], kind=kind, means=found[5], of=of)
