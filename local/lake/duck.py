"""The lake's table in DuckDB, which reads the same SQL as Athena does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import duckdb

from referral_core.domain.events import Event
from referral_core.reporting.columns import COLUMNS, PARTITIONS, TABLE, ColumnType
from referral_core.reporting.rows import row_of

_TYPES: Final[Mapping[ColumnType, str]] = {
    "string": "VARCHAR",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
}


class DuckLake:
    """Rows in memory, and queries over them."""

    def __init__(self) -> None:
        self._database = duckdb.connect()
        columns = [f'"{name}" VARCHAR' for name in PARTITIONS]
        columns += [f'"{column.name}" {_TYPES[column.type]}' for column in COLUMNS]
        self._database.execute(f"CREATE TABLE {TABLE} ({', '.join(columns)})")

    @classmethod
    def of(cls, events: Iterable[Event]) -> DuckLake:
        """Return a lake that holds the rows of some events."""
        lake = cls()
        lake.add(events)
        return lake

    def add(self, events: Iterable[Event]) -> None:
        """Append the rows of events, as often as they are delivered."""
        rows = [list(row_of(event).values()) for event in events]
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self._database.executemany(f"INSERT INTO {TABLE} VALUES ({places})", rows)  # noqa: S608 - names of our own

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return self._database.execute(sql).fetchall()
