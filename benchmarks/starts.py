"""What a function's cold start costs, as a ratio to boto3's own in the same run.

Every figure comes from a fresh process, each function's next to one of the reference, so that a
busy machine slows both. `python -m benchmarks.starts [rounds] [function ...]` prints the medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table as Grid

from benchmarks.environment import ROOT, environment, of_function

REFERENCE: Final = 'import boto3; boto3.client("dynamodb")'
INTAKE: Final = "receive_referral"
MOST: Final = {INTAKE: 1.35, "publish_outbox": 1.2, "fire_timers": 1.2, "record_metrics": 1.2}
"""The ratios to reach (issue 7); the others are printed to be seen."""

_ROUNDS: Final = 7
_MEASURED: Final = """
import time
began = time.process_time()
{work}
spent = time.process_time() - began
import sys
ours = sum(name.startswith("referral_core.") for name in sys.modules)
with open("/proc/self/status") as status:
    resident = next(line for line in status if line.startswith("VmRSS")).split()[1]
print(spent, resident, ours)
"""


class Start(NamedTuple):
    """One fresh process: CPU of import and build, memory after it, modules of ours in it."""

    cpu_s: float
    resident_mb: float
    modules: int


class Figures(NamedTuple):
    """The medians of one function's starts."""

    ratio: float
    cpu_ms: float
    resident_mb: float
    modules: int


def start(work: str, known: Mapping[str, str]) -> Start:
    """Run a piece of Python in a fresh process."""
    run = subprocess.run(
        [sys.executable, "-c", _MEASURED.format(work=work)],
        env=known,
        check=True,
        capture_output=True,
        text=True,
    )
    cpu_s, resident_kb, modules = run.stdout.split()[-3:]
    return Start(float(cpu_s), int(resident_kb) / 1024, int(modules))


def place(work: str) -> Mapping[str, str]:
    """Return the environment of a piece of Python: a function has its layer, the reference not."""
    return environment() if work == REFERENCE else of_function()


def building(function: str) -> str:
    """Return the Python that imports a function and builds what it needs."""
    return f"import {function}\nfrom referral_core.wiring.{function} import build\nbuild()"


def measure(pieces: Mapping[str, str], rounds: int = _ROUNDS) -> dict[str, Figures]:
    """Return the figures of named pieces of Python; the first round only writes the bytecode."""
    pairs: dict[str, list[tuple[Start, Start]]] = {name: [] for name in pieces}
    for round_number in range(rounds + 1):
        for name, work in pieces.items():
            pair = start(REFERENCE, environment()), start(work, place(work))
            if round_number:
                pairs[name].append(pair)
    return {name: _figures(found) for name, found in pairs.items()}


def _figures(pairs: Sequence[tuple[Start, Start]]) -> Figures:
    return Figures(
        ratio=statistics.median(own.cpu_s / reference.cpu_s for reference, own in pairs),
        cpu_ms=statistics.median(own.cpu_s for _, own in pairs) * 1000,
        resident_mb=statistics.median(own.resident_mb for _, own in pairs),
        modules=pairs[-1][1].modules,
    )


def functions() -> tuple[str, ...]:
    """Return the names of all functions; those with a ratio to reach come first."""
    names = {path.stem for path in (ROOT / "functions").glob("*.py")}
    return (*MOST, *sorted(names - MOST.keys()))


def grid(rounds: int = _ROUNDS, names: Sequence[str] = ()) -> Grid:
    """Return the figures of every function, or of some."""
    chosen = {name: building(name) for name in names or functions()}
    shown = Grid(title=f"Import and build in a fresh process; 1 = {REFERENCE}")
    for column in ("function", "ratio", "to reach", "CPU ms", "resident MB", "modules of ours"):
        shown.add_column(column, justify="left" if column == "function" else "right")
    exact = {n: work for n, work in chosen.items() if n in MOST}
    others = {n: work for n, work in chosen.items() if n not in MOST}
    # Those with a ratio to reach are measured often; the others, twenty starts a round, less.
    measured = measure({"(reference)": REFERENCE, **exact}, rounds)
    measured |= measure(others, max(1, rounds // 3))
    for name, found in measured.items():
        most = MOST.get(name)
        shown.add_row(
            name,
            f"{found.ratio:.2f}",
            f"≤ {most:.2f}" if most else "",
            f"{found.cpu_ms:.0f}",
            f"{found.resident_mb:.0f}",
            str(found.modules),
        )
    return shown


def main() -> None:
    """Print the figures."""
    arguments = sys.argv[1:]
    rounds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else _ROUNDS
    Console().print(grid(rounds, arguments))


if __name__ == "__main__":
    main()
