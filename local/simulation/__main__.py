"""`make simulate-day`: some hundred referrals in one process, their funnel, and what must hold.

    python -m local.simulation --data FOLDER [--count N] [--seed TEXT] [--chaos] [--report FILE]

Exit code 0 when every referral ended or stands on a worklist and nothing is violated; 1 when not;
2 when there is nothing to simulate.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from local.inputs import Input, inputs
from local.partners.scripts.script import Scripts
from local.simulation import funnel, ledger, loop
from local.simulation.chaos import ChaosWorld
from local.simulation.day import Day
from local.simulation.invariants import CHECKS
from local.simulation.privacy import canaries_of, leaks
from local.simulation.synthea import DataMissing, synthea_inputs
from local.simulation.tenant import massachusetts
from local.simulation.world import World
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.price_books import price_book

SAMPLES: Final = Path(__file__).parents[2] / "events/referrals"
_BETWEEN_POSTS: Final = timedelta(minutes=30)
_SHOWN: Final = 10
PRICES: Final = price_lines([price_book("us-east-1")])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one simulation; return the exit code."""
    chosen = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160)
    if chosen.samples:
        posted, scripts = inputs(SAMPLES), Scripts(SAMPLES)
    else:
        try:
            posted = synthea_inputs(chosen.data, chosen.seed, chosen.count)
        except DataMissing as error:
            console.print(f"[red]{error}[/red]. Give their folder with --data, or use --samples.")
            return 2
        scripts = Scripts(None, chosen.seed)
    configured = None if chosen.samples else massachusetts()
    began = time.perf_counter()

    async def live() -> Day:
        kind = ChaosWorld if chosen.chaos else World
        return await kind(scripts, chosen.seed, configured=configured).live(posted, _BETWEEN_POSTS)

    day = loop.run(live())
    _print(console, day, chosen.chaos, time.perf_counter() - began)
    if chosen.report:
        payer = funnel.payer_of(day)
        lines = [funnel.line(day, r, payer(r), PRICES) for r in day.referrals]
        chosen.report.write_text("\n".join(lines) + "\n")
        console.print(f"One line per referral in {chosen.report}.")
    return 1 if _violated(console, day, posted, calm=not chosen.chaos) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.simulation", description="Simulate referrals on virtual time."
    )
    parser.add_argument("--data", type=Path, default=Path(), help="Synthea's NDJSON files")
    parser.add_argument("--samples", action="store_true", help="simulate events/referrals instead")
    parser.add_argument("--count", type=int, help="how many patients; all when left out")
    parser.add_argument("--seed", default="2026", help="decides every chance")
    parser.add_argument("--chaos", action="store_true", help="let everything fail now and then")
    parser.add_argument("--report", type=Path, help="write a line of JSON per referral")
    return parser


def checked(day: Day, posted: Sequence[Input], *, calm: bool) -> Mapping[str, list[str]]:
    """Return what each invariant found wrong.

    Args:
        day: what is checked.
        posted: the inputs, whose canaries are looked for.
        calm: whether nothing failed on that day, so that counts are exact.
    """
    found = {name: list(check(day)) for name, check in {**CHECKS, **ledger.LEDGER_CHECKS}.items()}
    if calm:
        found["8 states are counted"] = list(ledger.states_are_counted(day))
    return {**found, "10 no PHI outside payloads": list(leaks(day, canaries_of(posted)))}


def _violated(console: Console, day: Day, posted: Sequence[Input], *, calm: bool) -> bool:
    found = checked(day, posted, calm=calm)
    grid = Grid(title="What must hold", title_justify="left")
    grid.add_column("invariant")
    grid.add_column("violations", justify="right")
    for name, violations in found.items():
        colour = "red" if violations else "green"
        grid.add_row(name, f"[{colour}]{len(violations)}")
    console.print(grid)
    for name, violations in found.items():
        for sentence in violations[:_SHOWN]:
            console.print(f"[red]{name}[/red]: {sentence}", highlight=False)
    return any(found.values())


def _print(console: Console, day: Day, chaos: bool, took_s: float) -> None:  # noqa: FBT001 - private
    console.print(_funnel("By pathway", funnel.funnel(day, lambda r: r.pathway)))
    console.print(_funnel("By payer", funnel.funnel(day, funnel.payer_of(day))))
    ended = [((outcome,), count) for outcome, count in funnel.outcomes(day).most_common()]
    console.print(_counts("Outcomes", ("outcome",), ended))
    standing = funnel.worklists(day).most_common()
    console.print(_counts("On worklists", ("queue", "reason"), standing))
    refused = sum(p.referral_id is None for p in day.posted)
    days = (day.ended - day.began).days
    console.print(
        f"{len(day.referrals)} referrals, {refused} refused, {days} virtual days in {took_s:.0f} s"
        f"{', with faults' if chaos else ''}. Seed {day.seed}."
    )
    closed = [r for r in day.referrals if r.loop_closed]
    completed = [r for r in day.referrals if r.loop_completed]
    console.print(
        f"Cost per referral ${funnel.cost_per_referral(day, PRICES):.4f}, "
        f"per closed loop ${funnel.cost_per_referral(day, PRICES, closed):.4f}, "
        f"per completed ${funnel.cost_per_referral(day, PRICES, completed):.4f}.",
        highlight=False,
    )
    if unpriced := funnel.not_priced(day, PRICES):
        named = ", ".join(f"{count} {unit}" for unit, count in sorted(unpriced.items()))
        console.print(f"Not priced, and in none of these: {named}.", highlight=False)
    console.print(f"Digest {day.digest()}", highlight=False)


def _funnel(title: str, counted: Mapping[str, Mapping[str, int]]) -> Grid:
    grid = Grid(title=title, title_justify="left")
    grid.add_column("")
    for stage in funnel.STAGES:
        grid.add_column(stage, justify="right")
    for name, counts in counted.items():
        grid.add_row(name, *(str(counts.get(stage, 0)) for stage in funnel.STAGES))
    return grid


def _counts(title: str, names: Sequence[str], rows: Sequence[tuple[tuple[str, ...], int]]) -> Grid:
    grid = Grid(title=title, title_justify="left")
    for name in names:
        grid.add_column(name)
    grid.add_column("referrals", justify="right")
    for row, count in rows:
        grid.add_row(*row, str(count))
    return grid


if __name__ == "__main__":
    sys.exit(main())
