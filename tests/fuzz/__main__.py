"""`make fuzz`: mutated requests over every route, damaged answers of payers; none may do harm.

Each batch is repeatable from its seed and number. What is found is written to tests/fuzz/kept/,
where the suite sends it again for ever.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Final

from tests.fuzz import payers, routes

_BUDGET_S: Final = 2.0
"""CPU of one request: what is good takes some milliseconds."""
KEPT: Final = Path(__file__).parent / "kept"
_Batch = Callable[..., Iterator[routes.Finding]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Send everything; return 0 when nothing was found, else 1."""
    asked = _parser().parse_args(arguments)
    found: Counter[str] = Counter()
    for what, batch, count, size in (
        ("requests", routes.batch, asked.requests, routes.A_BATCH),
        ("payers' bodies", payers.batch, asked.bodies, payers.A_BATCH),
    ):
        batches = range(asked.first, asked.first + -(-count // size))
        with ProcessPoolExecutor(asked.workers) as pool:
            for findings in pool.map(partial(_run, batch, asked.seed), batches, chunksize=4):
                for finding in findings:
                    found[finding.what] += 1
                    _keep(finding)
        print(f"{len(batches) * size} {what}, {sum(found.values())} findings")
    for what_happened, times in found.most_common():
        print(f"{times:5} {what_happened}")
    return 1 if found else 0


def _run(batch: _Batch, seed: str, number: int) -> list[routes.Finding]:
    logging.disable(logging.CRITICAL)
    with redirect_stdout(StringIO()):  # metrics
        return list(batch(number, seed, budget_s=_BUDGET_S))


def _keep(finding: routes.Finding) -> None:
    text = finding.dump()
    (KEPT / f"{sha256(text.encode()).hexdigest()[:12]}.json").write_text(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--bodies", type=int, default=20_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0, help="number of the first batch")
    parser.add_argument("--workers", type=int, default=2)
    return parser


if __name__ == "__main__":
    sys.exit(main())
