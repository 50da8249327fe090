"""What importing a directory takes: rows of NPPES, made up, in memory that does not grow."""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.directories import nppes
from referral_core.directories.importing import ImportState, import_directory
from referral_core.directories.rows import Assumed
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import Tenant
from referral_core.domain.npi import check_digit

SIZES: Final = (1_000, 10_000, 100_000)
_BAD_EVERY: Final = 1_000
"""Of so many rows one has a number that is no NPI."""
_ASSUMED: Final = Assumed(
    tenant=Tenant("bench"),
    source="nppes:made-up",
    today=date(2026, 3, 2),
    clinic_url="",
    secret="none",  # noqa: S106 - no secret
    weekly_capacity=5,
)


class _Discarding(MemoryDirectoryStore):
    """Counts what is written and keeps nothing, so that what is left is the importer's."""

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Count the entries of a batch."""
        self.written += len(changes)


def made_up(count: int) -> Iterator[str]:
    """Yield the lines of a CSV of NPPES with so many rows, one of a thousand bad."""
    line = io.StringIO()
    writer = csv.DictWriter(line, list(_row(0)))
    writer.writeheader()
    yield line.getvalue()
    for number in range(count):
        line.seek(0)
        line.truncate()
        writer.writerow(_row(number))
        yield line.getvalue()


def _row(number: int) -> dict[str, str]:
    nine = f"1{number:08d}"
    is_bad = number % _BAD_EVERY == 0
    digit = check_digit(nine)
    return {
        "NPI": f"{nine}{(digit + 1) % 10 if is_bad else digit}",
        "Entity Type Code": "1",
        "Provider Last Name (Legal Name)": f"Rivera {number}",
        "Provider First Name": "Pat",
        "Provider Organization Name (Legal Business Name)": "",
        "Provider Business Practice Location Address State Name": "MA",
        "Provider Business Practice Location Address Postal Code": "01605",
        "Last Update Date": "02/01/2026",
        "NPI Deactivation Date": "",
        "NPI Reactivation Date": "",
        "Healthcare Provider Taxonomy Code_1": "207RC0000X",
        "Provider License Number State Code_1": "MA",
        "Healthcare Provider Primary Taxonomy Switch_1": "Y",
    }


def imported(count: int) -> ImportState:
    """Import so many rows."""
    rows = nppes.read(made_up(count), lambda _: (42.2, -71.8))
    return import_directory(
        rows, _ASSUMED, _Discarding(), refuse=lambda _: None, progress=lambda _: None
    )


def main() -> None:
    """Print what is read, refused and kept in memory, a row a size."""
    grid = Grid(title="Importing rows of NPPES that are made up; one of a thousand is bad")
    for column in ("rows", "added", "refused", "most memory, KB", "CPU ms a row"):
        grid.add_column(column, justify="right")
    imported(_BAD_EVERY)  # what is loaded with the first
    for size in SIZES:
        began = time.process_time()
        state = imported(size)
        taken = (time.process_time() - began) * 1000 / size
        tracemalloc.start()
        imported(size)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        figures = (state.read, state.added, state.refused, most // 1024)
        grid.add_row(*(f"{figure:,}" for figure in figures), f"{taken:.3f}")
    Console(width=100).print(grid)


if __name__ == "__main__":
    main()
