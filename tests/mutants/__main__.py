"""`make mutants`: remove the safeguards of safeguards.toml one at a time; none may go unnoticed."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.mutants.judge import Finding, NothingProven, Verdict, judge_all
from tests.mutants.safeguards import DATA, read_safeguards

ROOT: Final = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Judge the chosen safeguards; return 0 when every mutant was killed, else 1."""
    asked = _parser().parse_args(arguments)
    console = Console()
    chosen = [s for s in read_safeguards(asked.data) if asked.only.lower() in s.name.lower()]
    if not chosen:
        console.print(f"No safeguard's name holds {asked.only!r}.", markup=False)
        return 1
    if asked.list:
        for safeguard in chosen:
            console.print(f"{safeguard.name}  ({safeguard.file})", markup=False, soft_wrap=True)
        return 0
    done: list[Finding] = []

    def tell(finding: Finding) -> None:
        done.append(finding)
        line = f"{len(done)}/{len(chosen)} {finding.verdict}: {finding.safeguard.name}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    console.print(f"Running the tests of {len(chosen)} safeguards with every one in place.")
    try:
        findings = judge_all(chosen, root.resolve(), tell)
    except NothingProven as failed:
        console.print(str(failed), markup=False, highlight=False)
        console.print("Nothing is proven: these tests must pass before a safeguard is removed.")
        return 1
    console.print(_table(findings))
    console.print(_summary(findings), highlight=False)
    return 0 if all(finding.verdict is Verdict.KILLED for finding in findings) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", default="", help="safeguards whose name holds this text")
    parser.add_argument("--list", action="store_true", help="name the safeguards and stop")
    parser.add_argument("--data", type=Path, default=DATA, help="another file of safeguards")
    return parser


def _table(findings: Sequence[Finding]) -> Table:
    table = Table("verdict", "seconds", "safeguard removed", "noticed by, or why not")
    table.columns[1].justify = "right"
    table.columns[3].overflow = "fold"
    for finding in findings:
        good = finding.verdict is Verdict.KILLED
        style = "green" if good else "bold red"
        verdict = f"[{style}]{finding.verdict}[/]"
        name, detail = escape(finding.safeguard.name), escape(finding.detail)
        table.add_row(verdict, f"{finding.seconds:.1f}", name, detail)
    return table


def _summary(findings: Sequence[Finding]) -> str:
    counted = Counter(finding.verdict for finding in findings)
    parts = [f"{counted[verdict]} {verdict}" for verdict in Verdict if counted[verdict]]
    return f"{len(findings)} safeguards removed: {', '.join(parts)}."


if __name__ == "__main__":
    sys.exit(main())
