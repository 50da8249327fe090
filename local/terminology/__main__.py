"""`python -m local.terminology --reference PATH …`: check the tables; `--write`: their document."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local.terminology.check import Findings, check
from local.terminology.document import DOCUMENT, document
from referral_core.domain.terminology.tables import Terminology, terminology

_SHOWN: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the tables, print what has no source at hand; 1 when a source contradicts them."""
    parser = argparse.ArgumentParser(prog="local.terminology", description=__doc__)
    parser.add_argument("--reference", type=Path, nargs="*", default=[], help="folders of tables")
    parser.add_argument("--write", action="store_true", help="write docs/terminology.md anew")
    given = parser.parse_args(arguments)
    tables = terminology()
    if given.write:
        written = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(document(tables, written), encoding="utf-8")
    for folder in given.reference:
        if not folder.is_dir():
            print(f"{folder} is not there: its tables were not compared.")
    findings = check(tables, given.reference)
    for line in report(findings, tables):
        print(line)
    return 1 if findings.mistakes else 0


def report(findings: Findings, tables: Terminology) -> list[str]:
    """Return the findings as lines."""
    lines = [f"{len(tables.meanings)} codes, {findings.confirmed} confirmed by their source."]
    for table, count in sorted(findings.absent.items()):
        lines.append(f"not compared, {table} is not at hand: {count} codes")
    for source, codes in sorted(findings.unverifiable.items()):
        more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
        lines.append(f"no table, read by a person: {source}: {', '.join(codes[:_SHOWN])}{more}")
    lines += [f"MISTAKE {mistake}" for mistake in findings.mistakes]
    return lines


if __name__ == "__main__":
    sys.exit(main())
