"""The lake's table in DuckDB, which reads the same SQL as Athena does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from referral_core.domain.errors import NotFound
from referral_core.domain.events import Event
from referral_core.ports.lake import LakeQuery
from referral_core.reporting.columns import COLUMNS, PARTITIONS, TABLE, ColumnType
from referral_core.reporting.rows import row_of

_TYPES: Final[Mapping[ColumnType, str]] = {
    "string": "VARCHAR",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
}
_COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(PARTITIONS, "VARCHAR"),
    **{column.name: _TYPES[column.type] for column in COLUMNS},
}


class DuckLake:
    """Rows in memory, and queries over them."""

    def __init__(self) -> None:
        self._asked: dict[str, LakeQuery] = {}
        self._put: list[Mapping[str, Any]] = []

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """The database, made for the first question: most of the API's tests ask none."""
        database = duckdb.connect(config={"threads": 1})
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
        database.execute(f"CREATE TABLE {TABLE} ({columns})")
        return database

    @classmethod
    def of(cls, events: Iterable[Event]) -> DuckLake:
        """Return a lake that holds the rows of some events."""
        lake = cls()
        lake.put([row_of(event) for event in events])
        return lake

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows, as often as they are delivered."""
        self._put.extend(rows)

    def ask(self, statement: str) -> str:
        """Run a query; return its id."""
        query_id = f"query-{len(self._asked) + 1}"
        self._asked[query_id] = LakeQuery(statement, self.query(statement))
        return query_id

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        """Return a query: its rows are there at once."""
        del within_s
        if query_id not in self._asked:
            raise NotFound("There is no such query.")
        return self._asked[query_id]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        self._load()
        return self._database.execute(sql).fetchall()

    def _load(self) -> None:
        """Load what was put: through a file, for DuckDB takes rows one by one slowly."""
        if not self._put:
            return
        lines = "\n".join(json.dumps(dict(row)) for row in self._put)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.json"
            path.write_text(lines, encoding="utf-8")
            types = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
            self._database.execute(
                f"INSERT INTO {TABLE} SELECT * FROM read_json('{path}', "  # noqa: S608 - our own
                f"format = 'newline_delimited', columns = {{{types}}})"
            )
        self._put.clear()
