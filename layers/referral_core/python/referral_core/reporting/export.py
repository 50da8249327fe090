"""A result as JSON, CSV or Parquet: stable names, the same metadata in each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from referral_core.domain.terminology.specialties import specialty_names
from referral_core.reporting import parquet
from referral_core.reporting.request import ReportRequest, begins, offsets
from referral_core.reporting.result import HIDDEN, Result, Value
from referral_core.reporting.rows import ms_of
from referral_core.reports.definition import ColumnKind, ResultColumn

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""
_SPECIALTY: Final = "specialty"
CONTROL_TOTALS: Final = "control totals"
_DAY_MS: Final = 86_400_000


def metadata(result: Result) -> dict[str, str]:
    """Return what a figure is true of: period, basis, zone, its offsets in it, and instant."""
    asked = result.request
    as_of = asked.as_of.astimezone(ZoneInfo(asked.time_zone))
    return {
        "report": result.figure.name,
        "basis": asked.basis.value,
        "period_from": asked.first_day.isoformat(),
        "period_to": asked.last_day.isoformat(),
        "time_zone": asked.time_zone,
        "utc_offset": " and ".join(_offsets_in(asked)),
        "as_of": as_of.isoformat(),
    }


def _offsets_in(asked: ReportRequest) -> list[str]:
    """Return the offsets of the period's days, in the order in which they came: two at most.

    That of the instant is no answer: a report of January that is made in July has another one. Of
    days so far ahead that nothing can be of them, it is the last one that is known.
    """
    first = ms_of(begins(asked.first_day, asked.time_zone))
    last = ms_of(begins(asked.last_day, asked.time_zone)) + _DAY_MS
    known = offsets(asked.time_zone, asked.as_of)
    found = [o for o in known if o.from_ms < last and first < o.until_ms] or known[-1:]
    zones = dict.fromkeys(timezone(timedelta(milliseconds=o.offset_ms)) for o in found)
    return [asked.as_of.astimezone(zone).isoformat()[-len("+00:00") :] for zone in zones]


def meaning(result: Result) -> dict[str, str]:
    """Return what a figure means: of what it is, and without what."""
    figure = result.figure
    return {
        "title": figure.title,
        "definition": figure.definition,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "exclusions": figure.exclusions,
    }


def as_json(result: Result) -> dict[str, Any]:
    """Return a result with its definition; decimals are text, so that no cent is lost."""
    figure = result.figure
    return {
        **metadata(result),
        **meaning(result),
        "columns": dictionary(result.columns),
        "rows": [
            {
                **{c.name: plain(row.values[c.name]) for c in result.columns},
                **({figure.cell: HIDDEN} if row.is_small else {}),
                **({"is_immature": bool(row.values["immature"])} if figure.matures else {}),
            }
            for row in result.rows
        ],
        "totals": {name: plain(value) for name, value in result.totals.items()},
        "row_count": len(result.rows),
        **_called(result),
    }


def _called(result: Result) -> dict[str, Any]:
    """Return what the specialties of a cut are called: the rows have their codes."""
    if _SPECIALTY not in {c.name for c in result.columns}:
        return {}
    codes = {row.values[_SPECIALTY] for row in result.rows}
    named = {code: name for code, name in specialty_names().items() if code in codes}
    return {"called": {_SPECIALTY: named}}


def as_csv(result: Result) -> str:
    """Return RFC 4180: a header, the rows, and at the foot the control totals with the meaning."""
    told, means = metadata(result), meaning(result)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(c.name for c in result.columns), *told, *means])
    for row in result.rows:
        cells = [_cell(c, row.values[c.name]) for c in result.columns]
        if row.is_small:
            cells[[c.name for c in result.columns].index(result.figure.cell)] = HIDDEN
        writer.writerow([*cells, *map(_neutral, told.values()), *("" for _ in means)])
    totals = [_cell(c, result.totals.get(c.name)) for c in result.columns]
    if result.columns[0].kind is ColumnKind.TEXT:
        totals[0] = CONTROL_TOTALS
    foot = {**told, "report": CONTROL_TOTALS, **means}
    writer.writerow([*totals, *map(_neutral, foot.values())])
    return out.getvalue()


def as_parquet(result: Result) -> bytes:
    """Return typed columns: money and rates as decimals, days as dates; no row of totals.

    The figure's meaning, and that of each column under its name, is the file's metadata.
    """
    told = metadata(result)
    columns = [
        parquet.Column(c.name, _TYPES[c.kind], [row.values[c.name] for row in result.rows])
        for c in result.columns
    ]
    columns += [
        parquet.Column(name, parquet.Type.TEXT, [text] * len(result.rows))
        for name, text in told.items()
    ]
    means = {f"column {c.name}": c.means for c in result.columns}
    return parquet.written(columns, {**meaning(result), **means})


_TYPES: Final[Mapping[ColumnKind, parquet.Type]] = {
    ColumnKind.TEXT: parquet.Type.TEXT,
    ColumnKind.DAY: parquet.Type.DAY,
    ColumnKind.COUNT: parquet.Type.INTEGER,
    ColumnKind.NUMBER: parquet.Type.INTEGER,
    ColumnKind.DAYS: parquet.Type.DECIMAL,
    ColumnKind.MONEY: parquet.Type.DECIMAL,
    ColumnKind.RATIO: parquet.Type.DECIMAL,
    ColumnKind.MEAN: parquet.Type.DECIMAL,
    ColumnKind.MONEY_MEAN: parquet.Type.DECIMAL,
}


def _cell(column: ResultColumn, value: Value) -> str:
    text = "" if value is None else str(plain(value))
    return _neutral(text) if column.kind is ColumnKind.TEXT else text


def _neutral(text: str) -> str:
    """Return a text that a spreadsheet takes as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(value: Value) -> str | int | None:
    """Return a value as JSON has it: decimals and days as text."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime() | date():
            return value.isoformat()
        case _:
            return value


def dictionary(columns: Sequence[ResultColumn]) -> list[dict[str, str]]:
    """Return what each column means: the data dictionary of a result."""
    return [{"name": c.name, "kind": c.kind.value, "means": c.means} for c in columns]
