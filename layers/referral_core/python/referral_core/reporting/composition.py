"""From a figure's SQL to the statement that an engine runs: its sources are common tables.

A figure's file is plain SQL over the common tables of `reports/base/` and three columns of cuts,
so it can be read, tested and run as it stands. What a request brings (tenant, period, zone, cuts,
prices) becomes literals of checked types in small common tables before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Final

from referral_core.domain.money.cost_ledger import UNITS, PriceLine
from referral_core.domain.money.price_book import RevenueTable
from referral_core.reporting.columns import TABLE
from referral_core.reporting.request import (
    CUTS,
    MOST_CUTS,
    ReportRequest,
    begins,
    day_number,
    local_day,
    offsets,
)
from referral_core.reporting.rows import ms_of
from referral_core.reports import base_sql
from referral_core.reports.definition import Definition

_FIRST_YEAR: Final = 2020
_BESIDE: Final[Mapping[str, Sequence[str]]] = {
    "maturity": ("cohort", "still_open", "immature"),
    "behind": ("people",),
}
"""Common tables of one row a cut, and the columns that a figure's rows get of them."""

Literal = str | int | Decimal | None


@dataclass(frozen=True)
class Policy:
    """What figures depend on besides events.

    Attributes:
        prices: of each unit at each time, as known at the report's instant.
        revenue: the tenant's tables of expected net revenue known by then.
        horizons: pathway → days after which its cohorts are mature.
    """

    prices: Sequence[PriceLine]
    revenue: Sequence[RevenueTable]
    horizons: Mapping[str, int]


def compose(figure: Definition, request: ReportRequest, policy: Policy) -> str:
    """Return one statement: the common tables, then the figure.

    Args:
        figure: its own SQL reads the common tables.
        request: checked already.
        policy: as known at the request's instant.
    """
    beside = [
        *(["maturity"] if figure.matures else ()),
        *(["behind"] if request.is_of_patients else ()),
    ]
    return f"{common_tables(request, policy)}{_with(figure.sql, beside)}"


def common_tables(request: ReportRequest, policy: Policy) -> str:
    """Return the common tables that a figure reads, as the head of a statement."""
    brought: Mapping[str, str] = {
        "period": _period(request),
        "zone": _zone(request),
        "years": _years(request),
        "horizons": values(("pathway", "days"), sorted(policy.horizons.items())),
        "units": values(("part", "unit"), [(unit.part, name) for name, unit in UNITS.items()]),
        "prices": _prices(request, policy.prices),
        "revenue": _revenue(request, policy.revenue),
    }
    common = {
        **brought,
        "source": _source(request),
        "events": base_sql("events"),
        "histories": base_sql("histories"),
        "cuts": _cuts(request.by),
        "referrals": base_sql("referrals"),
        "performed": base_sql("performed"),
        "happened": base_sql("happened"),
        "counted": _counted(),
        "spent": base_sql("spent"),
        "overhead": base_sql("overhead"),
        "overhead_counted": _overhead_counted(),
        "shared": base_sql("shared"),
    }
    written = ",\n".join(f"{name} AS (\n{body.strip()}\n)" for name, body in common.items())
    return f"WITH {written}"


def _with(sql: str, beside: Sequence[str]) -> str:
    """Put columns beside each row of a figure, by its cuts.

    Args:
        sql: of the figure.
        beside: common tables of one row a cut: how much of its cohort is open or young, and how
            many referrals stand behind it.
    """
    if not beside:
        return f"\n{sql.strip()}\n"
    tables = {"figure": sql, **{name: base_sql(name) for name in beside}}
    written = "".join(f",\n{name} AS (\n{body.strip()}\n)" for name, body in tables.items())
    columns = ", ".join(f"{name}.{column}" for name in beside for column in _BESIDE[name])
    joined = "".join(_joined(name) for name in beside)
    return f"{written}\nSELECT figure.*, {columns}\nFROM figure{joined}\n"


def _joined(name: str) -> str:
    same = (f"coalesce(figure.cut_{n}, '') = coalesce({name}.cut_{n}, '')" for n in (1, 2, 3))
    return f"\nLEFT JOIN {name}\n    ON {' AND '.join(same)}"


def values(columns: Sequence[str], rows: Iterable[Sequence[Literal]]) -> str:
    """Return a table of literals, of at least one row: its types are those of the values."""
    listed = [f"({', '.join(literal(value) for value in row)})" for row in rows]
    return f"SELECT * FROM (VALUES {', '.join(listed)}) AS t ({', '.join(columns)})"  # noqa: S608 - literals of checked types


def literal(value: Literal) -> str:
    """Return a SQL literal; quotes in a text are doubled, which both engines read so."""
    match value:
        case None:
            return "NULL"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case Decimal():
            return f"CAST('{value:f}' AS decimal(18, 12))"
        case _:
            return str(value)


def _period(request: ReportRequest) -> str:
    return values(
        ("basis", "from_day", "to_day", "as_of_day", "as_of_ms"),
        [
            (
                request.basis.value,
                day_number(request.first_day),
                day_number(request.last_day),
                day_number(local_day(request.as_of, request.time_zone)),
                ms_of(request.as_of),
            )
        ],
    )


def _zone(request: ReportRequest) -> str:
    names = ("from_ms", "until_ms", "offset_ms")
    return values(names, offsets(request.time_zone, request.as_of))


def _years(request: ReportRequest) -> str:
    """Bring the measurement periods of eCQM CMS50: calendar years, orders until 31 October."""
    rows = [
        (day_number(date(y, 1, 1)), day_number(date(y, 11, 1)), day_number(date(y + 1, 1, 1)))
        for y in range(_FIRST_YEAR, request.as_of.year + 2)
    ]
    return values(("first_day", "november_day", "next_year_day"), rows)


def _prices(request: ReportRequest, lines: Sequence[PriceLine]) -> str:
    rows: list[Sequence[Literal]] = [("", 0, 0, Decimal(0))]  # for the types
    for line in lines:
        until = line.until_day or date.max - timedelta(days=1)
        bounds = (ms_of(begins(day, request.time_zone)) for day in (line.from_day, until))
        rows.append((line.unit, *bounds, line.usd))
    return values(("unit", "from_ms", "until_ms", "usd"), rows)


def _revenue(request: ReportRequest, tables: Sequence[RevenueTable]) -> str:
    """Bring the values in force on the report's day; the table that was known last corrects."""
    today = local_day(request.as_of, request.time_zone)
    found: dict[tuple[str, str], Decimal] = {("", ""): Decimal(0)}
    for table in sorted(tables, key=lambda t: (t.known_from or date.min, t.version)):
        if table.valid_from <= today < (table.until or date.max):
            found |= {(v.specialty, v.payer_class.value): v.usd for v in table.lines}
    names = ("specialty", "payer_class", "usd")
    return values(names, [(*pair, usd) for pair, usd in sorted(found.items())])


def _counted() -> str:
    """Make a row of each unit that an event counts; its columns are those of the ledger."""
    return _a_row_a_unit("happened", "h.cut_1, h.cut_2, h.cut_3, h.referral_id, h.at_ms, u.part")


def _overhead_counted() -> str:
    """Do the same for each hour of overhead; it is priced by the hour that it was used in."""
    return _a_row_a_unit("overhead", "h.occurred_ms AS at_ms")


def _a_row_a_unit(table: str, columns: str) -> str:
    cases = " ".join(f"WHEN '{name}' THEN h.{name}" for name in UNITS)
    return f"""SELECT * FROM (
    SELECT {columns}, u.unit, CASE u.unit {cases} END AS units
    FROM {table} AS h
    CROSS JOIN units AS u
) AS c WHERE c.units > 0"""  # noqa: S608 - names of our own


def _source(request: ReportRequest) -> str:
    """Read the tenant's partitions only; of a cohort those since its first day."""
    wanted = [f"tenant = {literal(request.tenant)}"]
    last = request.as_of.astimezone(UTC).date()
    wanted.append(f"day <= {literal(last.isoformat())}")
    if request.basis == "cohort":
        first = begins(request.first_day, request.time_zone) - timedelta(days=1)
        wanted.append(f"day >= {literal(first.date().isoformat())}")
    if request.referral is not None:
        wanted.append(f"referral_id = {literal(request.referral)}")
    return f"SELECT * FROM {TABLE} WHERE {' AND '.join(wanted)}"  # noqa: S608 - as above


def _cuts(by: Sequence[str]) -> str:
    if unknown := set(by) - set(CUTS):
        raise ValueError(f"not a cut: {sorted(unknown)}")
    columns = [f"CAST({name} AS varchar)" for name in by]
    columns += ["CAST(NULL AS varchar)"] * (MOST_CUTS - len(by))
    named = ", ".join(f"{column} AS cut_{n}" for n, column in enumerate(columns, start=1))
    return f"SELECT referral_id, {named} FROM histories"  # noqa: S608 - names of a closed set
