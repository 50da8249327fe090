"""Compare every code of the tables with the table that its source names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.terminology.sources import Displays, displays_of
from referral_core.domain.terminology.tables import Meaning, Terminology

OWN: Final = "own"
"""The source of what the router itself defines."""


@dataclass
class Findings:
    """What the comparison found.

    Attributes:
        confirmed: codes whose display, or whose code where we keep no display, the source has.
        mistakes: sentences; any of them fails the check.
        absent: by table, how many codes could not be compared, for it is not at hand.
        unverifiable: by source, codes whose source no program can read.
    """

    confirmed: int = 0
    mistakes: list[str] = field(default_factory=list)
    absent: dict[str, int] = field(default_factory=dict)
    unverifiable: dict[str, list[str]] = field(default_factory=dict)


def check(tables: Terminology, folders: Sequence[Path]) -> Findings:
    """Compare all codes with their sources.

    Args:
        tables: what is checked.
        folders: folders of reference data.
    """
    findings = Findings(mistakes=list(inconsistencies(tables)))
    read: dict[tuple[str, str], Displays | None] = {}
    for meaning in tables.meanings:
        source = tables.sources.get(meaning.source)
        if source is None or source.id == OWN:
            continue
        if source.table is None:
            findings.unverifiable.setdefault(source.id, []).append(_named(meaning))
            continue
        key = (source.id, meaning.system)
        if key not in read:
            read[key] = displays_of(source, meaning.system, folders)
        displays = read[key]
        if displays is None:
            findings.absent[source.table] = findings.absent.get(source.table, 0) + 1
            continue
        mistakes = list(_mistakes(meaning, displays))
        findings.mistakes += mistakes
        findings.confirmed += not mistakes
    return findings


def inconsistencies(tables: Terminology) -> Iterator[str]:
    """Iterate over what is wrong with the tables by themselves: no source has to be at hand."""
    seen: set[tuple[str, str]] = set()
    for meaning in tables.meanings:
        if meaning.source not in tables.sources:
            yield f"{_named(meaning)}: no source {meaning.source!r}"
        for specialty in (meaning.specialty, *meaning.equivalents):
            if specialty is not None and tables.specialty(specialty) is None:
                yield f"{_named(meaning)}: no specialty {specialty}"
        if meaning.specialty and meaning.refused:
            yield f"{_named(meaning)}: both a specialty and a refusal"
        if (meaning.system, meaning.code) in seen and meaning.last is None:
            yield f"{_named(meaning)}: mapped twice"
        seen.add((meaning.system, meaning.code))
    used = {meaning.source for meaning in tables.meanings}
    for unused in sorted(set(tables.sources) - used):
        yield f"source {unused}: no code names it"


def _mistakes(meaning: Meaning, displays: Displays) -> Iterator[str]:
    key = _section(meaning, displays)
    if key not in displays:
        yield f"{_named(meaning)}: {meaning.source} has no such code"
        return
    for name in meaning.names:
        if name not in displays[key]:
            theirs = " / ".join(sorted(displays[key]))
            yield f"{_named(meaning)}: {name!r} here, {theirs!r} in {meaning.source}"


def _section(meaning: Meaning, displays: Displays) -> str:
    """Return the key of a code; of a range, of its section, which may consist of one code."""
    if meaning.last is None:
        return meaning.code
    section = f"{meaning.code}-{meaning.last}"
    return section if section in displays else meaning.code


def _named(meaning: Meaning) -> str:
    code = f"{meaning.code}-{meaning.last}" if meaning.last else meaning.code
    return f"{meaning.system}|{code}"
