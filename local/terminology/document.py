"""Write docs/terminology.md: what every code means, who says so, and what wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from referral_core.domain.terminology.tables import Meaning, Terminology
from referral_core.domain.terminology.vocabulary import ConsentClass

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "terminology.md"
MARK: Final = "<!-- What follows is generated: make terminology-document -->"
_LISTED: Final = 12
"""Codes of one meaning that are listed; of more, the first and how many."""


def document(tables: Terminology, written: str) -> str:
    """Return the document anew.

    Args:
        tables: what is listed.
        written: the document as it is; what stands above the mark is kept.
    """
    lines = [
        written.partition(MARK)[0].rstrip(),
        "",
        MARK,
        "",
        "## Precedence",
        "",
        *_precedence(tables),
        "",
        "## Sources",
        "",
        *_sources(tables),
    ]
    for system in sorted({m.system for m in tables.meanings}):
        lines += ["", f"## {system}", "", *_table(tables, system)]
    return "\n".join(lines) + "\n"


def _precedence(tables: Terminology) -> Iterator[str]:
    for number, step in enumerate(tables.steps, start=1):
        yield f"{number}. {step.reads} of {', '.join(step.fields)}"


def _sources(tables: Terminology) -> Iterator[str]:
    yield "| id | what | publisher | version | licence | table |"
    yield "|---|---|---|---|---|---|"
    for source in sorted(tables.sources.values(), key=lambda s: s.id):
        table = f"`{source.table}`" if source.table else "read by a person"
        cells = (source.id, source.title, source.publisher, source.version, source.licence, table)
        yield _row(cells)


def _table(tables: Terminology, system: str) -> Iterator[str]:
    alike: dict[tuple[str, str, str], list[Meaning]] = {}
    rows = [m for m in tables.meanings if m.system == system]
    for row in sorted(rows, key=lambda m: (m.code, m.last or "")):
        itself = row.specialty == row.code
        key = (row.code if itself else _specialty(row, tables), _says(row), row.source)
        alike.setdefault(key, []).append(row)
    yield "| codes | specialty | says | source |"
    yield "|---|---|---|---|"
    for (_, says, source), meanings in alike.items():
        yield _row((_codes(meanings), _specialty(meanings[0], tables), says, source))


def _codes(meanings: list[Meaning]) -> str:
    listed = [_code(meaning) for meaning in meanings[:_LISTED]]
    more = len(meanings) - len(listed)
    return "<br>".join((*listed, f"and {more} more") if more else listed)


def _code(row: Meaning) -> str:
    code = f"{row.code}-{row.last}" if row.last else row.code
    return f"{code} {' / '.join(row.names)}".strip()


def _specialty(row: Meaning, tables: Terminology) -> str:
    if row.specialty is None:
        return ""
    if row.specialty == row.code:
        return " ".join(("itself", *row.equivalents))
    named = tables.specialty(row.specialty)
    return f"{row.specialty} {named.display if named and named.display else ''}".strip()


def _says(row: Meaning) -> str:
    said = (
        f"without {', '.join(row.besides)}" if row.besides else "",
        f"refused: {row.refused}" if row.refused else "",
        f"{row.kind}" if row.kind else "",
        f"pathway {row.pathway}" if row.pathway else "",
        f"consent: {row.consent}" if row.consent is not ConsentClass.NONE else "",
        f"urgency: {row.urgency}" if row.urgency else "",
        row.note or "",
    )
    return "; ".join(part for part in said if part)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
