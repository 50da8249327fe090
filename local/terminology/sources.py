"""Read the tables that the sources name, from folders of reference data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from referral_core.domain.terminology.systems import canonical_code, canonical_system
from referral_core.domain.terminology.tables import Source

Displays = Mapping[str, frozenset[str]]
"""What a source calls each of its codes."""


def displays_of(source: Source, system: str, folders: Sequence[Path]) -> Displays | None:
    """Return what a source says of a system's codes; None when its table is not at hand.

    A table is a CSV file with the columns code, display and, where it holds several lists, list;
    or a folder of FHIR resources, of which every coding counts.
    """
    if source.table is None:
        return None
    found = [folder / source.table for folder in folders if (folder / source.table).exists()]
    if not found:
        return None
    displays: dict[str, set[str]] = {}
    for path in found:
        rows = _resources(path, system) if path.is_dir() else _table(path, source.list)
        for code, display in rows:
            displays.setdefault(canonical_code(system, code), set()).add(display.strip())
    return {code: frozenset(names) for code, names in displays.items()}


def _table(path: Path, wanted: str | None) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        for row in csv.DictReader(opened):
            if wanted is None or row.get("list") == wanted:
                yield row["code"], row["display"] or ""


def _resources(folder: Path, system: str) -> Iterator[tuple[str, str]]:
    for path in sorted((*folder.glob("*.json"), *folder.glob("*.ndjson"))):
        text = path.read_text(encoding="utf-8-sig")
        for document in text.splitlines() if path.suffix == ".ndjson" else [text]:
            try:
                resource = json.loads(document)
            except ValueError:
                continue  # published examples are not all JSON
            yield from _codings(resource, system)


def _codings(value: Any, system: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        code = value.get("code")
        if isinstance(code, str) and canonical_system(value.get("system")) == system:
            yield code, value.get("display") or ""
        for inner in value.values():
            yield from _codings(inner, system)
    elif isinstance(value, list):
        for inner in value:
            yield from _codings(inner, system)
