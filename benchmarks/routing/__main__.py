"""`make bench-routing`: the policies beside hindsight, and what a decision takes."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from benchmarks.routing import real_data
from benchmarks.routing.contest import GREEDY, HINDSIGHT, OURS, Round, contest, played
from benchmarks.routing.decision_time import SIZES, Times, measured
from benchmarks.routing.policies import RESOLVE_EVERY
from benchmarks.routing.reads import Taken, taken
from benchmarks.routing.season import REFERRALS, SERVICES, WEEKS, drawn_season

LOADS: Final = (0.7, 0.95, 1.2)
TIMES: Final = "times"
REAL: Final = "real"
TABLES: Final = (TIMES, *map(str, LOADS), *(f"{load}-drift" for load in LOADS), REAL)
_GAP, _GAP_UNDER_DRIFT, _LEAKAGE = 0.08, 0.15, 0.005


def of_seed(seed: int, *, load: float, drift: bool, baselines: bool) -> Round:
    """Play the season of a seed."""
    return played(drawn_season(seed, load, drift=drift), seed, baselines=baselines)


def of_real(seed: int, *, folder: Path, baselines: bool) -> Round:
    """Play the season of a seed on real places."""
    return played(real_data.RealData(folder).season(seed), seed, baselines=baselines)


def outcome_table(title: str, rounds: Sequence[Round]) -> Grid:
    """Return the means over the seeds, one row a policy."""
    grid = Grid(title=title)
    for column in ("policy", "gap", "worst", "leakage", "days", "p95", "km", "unassigned"):
        grid.add_column(column, justify="left" if column == "policy" else "right")
    for policy in ("random", "nearest", "tier first", GREEDY, OURS, HINDSIGHT):
        if policy not in rounds[0].outcomes:
            continue
        outcomes = [r.outcomes[policy] for r in rounds]
        grid.add_row(
            policy,
            f"{fmean(r.gap(policy) for r in rounds):.1%}",
            f"{max(r.gap(policy) for r in rounds):.1%}",
            f"{fmean(o.leakage for o in outcomes):.2%}",
            f"{fmean(o.days for o in outcomes):.1f}",
            f"{fmean(o.p95_days for o in outcomes):.1f}",
            f"{fmean(o.distance for o in outcomes):.1f}",
            f"{fmean(o.unassigned for o in outcomes):.1f}",
        )
    return grid


def judged(rounds: Sequence[Round], gap: float) -> str:
    """Say which targets the rounds reach."""
    mean = fmean(r.gap(OURS) for r in rounds)
    leaked = fmean(r.outcomes[OURS].leakage - r.outcomes[HINDSIGHT].leakage for r in rounds)
    worse = [r.seed for r in rounds if r.outcomes[OURS].cost > r.outcomes[GREEDY].cost]
    return "\n".join(
        (
            f"  {_mark(mean <= gap)} {mean:.1%} from hindsight (target {gap:.0%})",
            f"  {_mark(not worse)} worse than greedy on {len(worse)} of {len(rounds)} seeds",
            f"  {_mark(leaked <= _LEAKAGE)} leakage {leaked * 100:+.2f} points beside hindsight",
            "  ok   capacity never exceeded: recounted for every policy and seed",
        )
    )


def _mark(reached: bool) -> str:  # noqa: FBT001 - a predicate's answer
    return "ok  " if reached else "MISS"


def time_table(times: Sequence[Times]) -> Grid:
    """Return the milliseconds of a decision, one row a size."""
    grid = Grid(title="CPU milliseconds of one decision, pure Python, 20 specialties, 8 weeks")
    for column in ("services", "p50", "p99", "p99, 20 kept", "greedy p99", "cold", "scan", "build"):
        grid.add_column(column, justify="right")
    for t in times:
        figures = (t.p50, t.p99, t.p99_kept, t.greedy_p99, t.cold, t.scan)
        grid.add_row(f"{t.services:,}", *(f"{f:.3f}" for f in figures), f"{t.build:,.0f}")
    return grid


def reads_table(found: Sequence[Taken]) -> Grid:
    """Return what the product's decision takes of the table and the processor."""
    grid = Grid(
        title="The product's decision: calls on the table, and CPU ms to choose in whom to look"
    )
    for column in (
        "services",
        "calls, cold",
        "calls, warm",
        "cold",
        "p50",
        "p99",
        "as came",
        "wall",
    ):
        grid.add_column(column, justify="right")
    for t in found:
        columns = (t.cold_ms, t.p50_ms, t.p99_ms, t.as_came_ms, t.wall_ms)
        figures = (f"{f:.3f}" for f in columns)
        grid.add_row(f"{t.services:,}", *map(_calls, (t.cold, t.warm)), *figures)
    return grid


def _calls(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items())) or "0"


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(prog="make bench-routing", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--data", type=Path, default=None, help="folder of NPPES and Synthea")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--baselines", action=argparse.BooleanOptionalAction, default=True)
    asked = parser.parse_args()
    console = Console(width=100)
    console.print(
        f"{REFERRALS:,} referrals, {SERVICES} services, {WEEKS} weeks, {asked.seeds} seeds; "
        f"prices are solved again every {RESOLVE_EVERY} arrivals"
    )
    if TIMES in asked.tables:
        console.print(time_table([measured(size) for size in SIZES]))
        console.print(reads_table([taken(size) for size in SIZES]))
    for name in asked.tables:
        if name == REAL and (asked.data is None or real_data.missing(asked.data)):
            console.print("Real places are skipped: --data names no folder with NPPES and Synthea.")
        elif name != TIMES:
            title, play, gap = contests(asked.data)[name]
            play = partial(play, baselines=asked.baselines)
            rounds = contest(play, range(asked.seeds), asked.workers)
            console.print(outcome_table(title, rounds))
            console.print(judged(rounds, gap), highlight=False)


def contests(data: Path | None) -> dict[str, tuple[str, Callable[..., Round], float]]:
    """Return the tables of outcomes: name → title, what plays a seed, and the target of the gap."""
    found: dict[str, tuple[str, Callable[..., Round], float]] = {}
    for load in LOADS:
        found[f"{load}"] = (f"load {load}", partial(of_seed, load=load, drift=False), _GAP)
        drifts = partial(of_seed, load=load, drift=True)
        found[f"{load}-drift"] = (f"load {load}, 20 % demand drift", drifts, _GAP_UNDER_DRIFT)
    if data is not None:
        found[REAL] = ("NPPES + Synthea, load 0.95", partial(of_real, folder=data), _GAP)
    return found


if __name__ == "__main__":
    main()
