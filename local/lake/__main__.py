"""`make report`: the figures of a simulated month, in the terminal and as a page to send on.

    python -m local.lake [--data FOLDER | --samples] [--count N] [--seed TEXT] [--page FILE]

Exit code 0, or 2 when there is nothing to simulate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from rich.console import Console

from local.inputs import inputs
from local.lake import examples
from local.lake.page import page
from local.lake.terminal import shown
from local.partners.scripts.script import Scripts
from local.seed import TENANT
from local.simulation import loop
from local.simulation.day import Day
from local.simulation.http_apps import HORIZONS
from local.simulation.synthea import DataMissing, synthea_inputs
from local.simulation.tenant import massachusetts
from local.simulation.world import World
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.money.price_book import PriceBook
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.request import Basis, ReportRequest, local_day
from referral_core.reporting.result import Result, result_of
from referral_core.reports import definitions

SAMPLES: Final = Path(__file__).parents[2] / "events/referrals"
LIST: Final = "us-east-1"
_CONTRACT: Final = Path(__file__).with_name("example_contract.json")
_ZONE: Final = "America/New_York"
_CUTS: Final = {"volume": ("pathway",), "conversion": ("pathway",), "completion": ("pathway",)}
_LEFT_OUT: Final = frozenset({"referrals"})
"""A page that is sent on holds figures, and no rows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, ask, print and write; return the exit code."""
    chosen = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        day = _simulated(chosen)
    except DataMissing as error:
        console.print(f"[red]{error}[/red]. Give their folder with --data, or use --samples.")
        return 2
    contract = PriceBook.model_validate_json(chosen.contract.read_text(encoding="utf-8"))
    results = list(asked(day, contract))
    for result in results:
        console.print(*shown(result), sep="\n")
    chosen.page.parent.mkdir(parents=True, exist_ok=True)
    subject = f"{len(day.referrals)} simulated referrals, priced by {LIST} and {contract.version}"
    chosen.page.write_text(page(results, subject))
    console.print(f"The same, to send on: {chosen.page}")
    if chosen.examples:
        examples.written(results)
    return 0


def asked(day: Day, contract: PriceBook) -> Iterator[Result]:
    """Yield every figure of the days on which referrals came, small cells hidden."""
    first, last = (
        local_day(pick(r.received_at for r in day.referrals), _ZONE) for pick in (min, max)
    )
    policy = Policy(price_lines([price_book(LIST)], [contract]), (), HORIZONS)
    for name, figure in definitions().items():
        if name in _LEFT_OUT:
            continue
        usual = (figure.cut,) if figure.cut else ()
        request = ReportRequest(
            tenant=TENANT,
            time_zone=_ZONE,
            first_day=first,
            last_day=last,
            basis=Basis.COHORT,
            by=_CUTS.get(name, usual),
            as_of=day.ended,
        )
        rows = day.lake.query(compose(figure, request, policy))
        yield result_of(figure, request, rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.lake", description="Print a simulated month's figures."
    )
    parser.add_argument("--data", type=Path, default=Path(), help="Synthea's NDJSON files")
    parser.add_argument("--samples", action="store_true", help="simulate events/referrals instead")
    parser.add_argument("--count", type=int, help="how many patients; all when left out")
    parser.add_argument("--seed", default="2026", help="decides every chance")
    parser.add_argument("--contract", type=Path, default=_CONTRACT, help="the tenant's prices")
    parser.add_argument("--page", type=Path, default=Path("build/report.html"), help="the page")
    parser.add_argument(
        "--examples", action="store_true", help=f"write {examples.EXAMPLES} for docs/figures.md"
    )
    return parser


def _simulated(chosen: argparse.Namespace) -> Day:
    if chosen.samples:
        posted, scripts, configured = inputs(SAMPLES), Scripts(SAMPLES), None
    else:
        posted = synthea_inputs(chosen.data, chosen.seed, chosen.count)
        scripts, configured = Scripts(None, chosen.seed), massachusetts()

    async def live() -> Day:
        world = World(scripts, chosen.seed, configured=configured)
        return await world.live(posted, timedelta(minutes=30))

    return loop.run(live())


if __name__ == "__main__":
    sys.exit(main())
