"""Gives the emulator's Athena a table's objects as few files, each written once.

The emulator's Firehose makes an object of each row, and its Athena writes all of them anew for
every question before it reads them, while nobody else is answered: a second for two thousand rows.
Here an object is written when it is first asked for, and many of one partition become one file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

MERGED: Final = 16
"""Objects of one partition that become one file."""
MERGES: Final = 10
"""So many times a question, some 0.3 seconds."""
PARQUET: Final = ".parquet"

Read = Callable[[str], bytes | None]
"""Returns an object by its key; None when it is gone."""


class LakeFiles:
    """The files of one table, by its partitions.

    Args:
        folder: where they are; a query may read any of them at any time, so none is taken away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}
        self._loose: dict[Path, list[Path]] = {}
        self._merged: list[Path] = []

    def of(self, objects: Mapping[str, str], read: Read) -> list[Path]:
        """Return the files that hold all rows of a table's objects, each once.

        Args:
            objects: key below the table's place → version; all are Parquet.
            read: reads one of them.
        """
        if any(objects.get(key) != version for key, version in self._known.items()):
            self._forget()
        for key in sorted(objects.keys() - self._known.keys()):
            content = read(key)
            if content is not None:
                self._known[key] = objects[key]
                self._add(key, content)
        self._merge()
        return [*self._merged, *(file for files in self._loose.values() for file in files)]

    def _forget(self) -> None:
        """Begin anew beside the old files: an object was replaced or removed."""
        self._folder = self._folder / "again"
        self._known, self._loose, self._merged = {}, {}, []

    def _add(self, key: str, content: bytes) -> None:
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self._loose.setdefault(file.parent, []).append(file)

    def _merge(self) -> None:
        """Make one file of many, a few times a question: nobody is answered meanwhile."""
        full = [folder for folder, files in self._loose.items() if len(files) >= MERGED]
        for folder in full[:MERGES]:
            files = self._loose[folder]
            whole = folder / f"merged-{len(self._merged)}{PARQUET}"
            _write_as_one(files[:MERGED], whole)
            self._merged.append(whole)
            del files[:MERGED]


def _write_as_one(files: Sequence[Path], whole: Path) -> None:
    listed = ", ".join(f"'{file}'" for file in files)
    rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    with duckdb.connect() as connection:
        connection.sql(f"FROM {rows}").write_parquet(str(whole))
