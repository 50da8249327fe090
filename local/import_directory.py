"""Import a directory into the table of `make local`: `python -m local.import_directory nppes FILE`.

Formats: NPPES (CSV), Plan-Net (a folder or file of FHIR resources, NDJSON or Bundles), Open
Referral HSDS (NDJSON). What is no entry is printed with its line and the reason; started again, an
import that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.running_stack import RunningStack
from local.seed import SECRET, TENANT
from referral_core.adapters.aws.dynamodb.directory_store import DirectoryTable
from referral_core.directories import hsds, nppes, plan_net
from referral_core.directories.importing import DirectoryStore, ImportState, import_directory
from referral_core.directories.resource_shelf import ResourceShelf
from referral_core.directories.rows import Assumed, Places, Row

FORMATS = ("nppes", "plan-net", "hsds")


def import_file(
    kind: str, source: Path, assumed: Assumed, places: Places, store: DirectoryStore
) -> ImportState:
    """Import one source; print what is refused, and how far it is."""
    with ExitStack() as stack:
        rows = _rows(kind, source, assumed, places, stack)
        return import_directory(rows, assumed, store, refuse=_refused, progress=_progress)


def places_of(centroids: Path) -> Places:
    """Return where postal codes lie, by a CSV with the columns zip, lat and long."""
    with centroids.open(encoding="utf-8", newline="") as rows:
        known = {r["zip"]: (float(r["lat"]), float(r["long"])) for r in csv.DictReader(rows)}
    return known.get


def _rows(
    kind: str, source: Path, assumed: Assumed, places: Places, stack: ExitStack
) -> Iterator[Row]:
    if kind == "plan-net":
        folder = stack.enter_context(TemporaryDirectory())
        shelf = stack.enter_context(ResourceShelf(Path(folder) / "resources.db"))
        shelf.add(_resources(source))
        return plan_net.read(shelf, places, assumed)
    lines = stack.enter_context(source.open(encoding="utf-8-sig", newline=""))
    return nppes.read(lines, places) if kind == "nppes" else hsds.read(lines)


def _resources(source: Path) -> Iterator[dict[str, Any]]:
    files = sorted(source.glob("*.*json")) if source.is_dir() else [source]
    for file in files:
        if file.suffix == ".ndjson":
            with file.open(encoding="utf-8") as lines:
                found = [json.loads(line) for line in lines if line.strip()]
        else:
            found = [json.loads(file.read_text(encoding="utf-8"))]
        for resource in found:
            entries = resource.get("entry", ())
            is_bundle = resource.get("resourceType") == "Bundle"
            yield from (e["resource"] for e in entries) if is_bundle else (resource,)


def _refused(row: Row) -> None:
    print(f"line {row.line}: {row.refused}", file=sys.stderr)


def _progress(state: ImportState) -> None:
    print(f"\rline {state.line}: {state.read} rows, {state.refused} refused", end="", flush=True)


def main() -> None:
    """Import what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m local.import_directory")
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("source", type=Path)
    parser.add_argument("--places", type=Path, help="CSV of zip, lat, long")
    parser.add_argument("--weekly-capacity", type=int, default=0)
    parser.add_argument("--clinic-url", default="")
    chosen = parser.parse_args()
    running = RunningStack.found()
    assumed = Assumed(
        tenant=TENANT,
        source=f"{chosen.format}:{chosen.source.name}",
        today=datetime.now(UTC).date(),
        clinic_url=chosen.clinic_url,
        secret=SECRET,
        weekly_capacity=chosen.weekly_capacity,
    )
    places: Places = places_of(chosen.places) if chosen.places else lambda _: None
    client = running.emulator.client("dynamodb")
    store = DirectoryTable(client, running.deployment["TableName"])
    done = import_file(chosen.format, chosen.source, assumed, places, store)
    print(f"\n{done.added} added, {done.changed} changed, {done.unchanged} as they were.")


if __name__ == "__main__":
    main()
