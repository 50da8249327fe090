"""`make bench`: what the code costs on this machine, each figure the median of several runs."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from benchmarks import entry_reads, starts, warm_post, write_units
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import Tenant
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.filters import Need
from referral_core.domain.routing.score import rank
from referral_core.fhir.intake.orders import read_referrals
from referral_core.pathways import pathway

ROOT: Final = Path(__file__).parents[1]
_RUNS: Final = 7
_SPECIALISTS: Final = 1_000

_NOW: Final = datetime(2026, 3, 2, tzinfo=UTC)


def median_ms(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Return the median CPU milliseconds of some work."""
    taken = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def reading_ms() -> float:
    """Return the CPU milliseconds of reading one referral, warm."""
    body = (ROOT / "events/referrals/happy-path.json").read_bytes()
    json.loads(body)
    return median_ms(lambda: read_referrals(body, "application/fhir+json", "resource", _NOW), 50)


def routing_ms() -> float:
    """Return the CPU milliseconds of one routing decision among a thousand specialists."""
    rule = pathway("generic-specialist", 1).routing
    practitioners = [
        Practitioner(
            tenant=Tenant("bench"),
            npi=f"{n:010d}",
            name="Bench",
            specialty="207R00000X",
            organization=f"clinic-{n % 50}",
            networks=("*",),
            tier=1 + n % 3,
            latitude=42 + n / 10_000,
            longitude=-71.8,
            weekly_capacity=5,
            clinic_url="https://clinic.example.org",
            secret="none",  # noqa: S106 - no secret
        )
        for n in range(_SPECIALISTS)
    ]
    weeks = weeks_from(_NOW.date(), rule.weeks_ahead)
    need = Need(payer=None, latitude=42.05, longitude=-71.8)
    return median_ms(lambda: rank(need, practitioners, {}, weeks, rule=rule, excluded={}))


def baseline() -> Grid:
    """Return what issue 7 counts: the figure then, the one to reach, and the one now."""
    post, (payloads, others) = warm_post.figures(), entry_reads.most()
    units = write_units.mean(write_units.counted_of(write_units.GOES_WELL))
    shown = Grid(title="Issue 7, section 5", title_justify="left")
    for column in ("what", "then", "to reach", "now"):
        shown.add_column(column)
    for row in (
        (
            "reads in one entry of ContactPatient: payload + others",
            "33 + 16",
            "1 + ≤ 5",
            f"{payloads} + {others}",
        ),
        (
            "AWS calls of a warm POST ServiceRequest",
            "5",
            "2",
            f"{sum(post.calls.values())} ({', '.join(post.calls)})",
        ),
        (
            "client CPU of a warm POST; 1 = one PutItem + one PutObject",
            "13.5 ms, busy machine",
            "≤ 2",
            f"{post.ratio:.2f} of {post.plain_ms:.1f} ms; a first POST {post.first_ms:.0f} ms",
        ),
        (
            "resident memory of intake, after a start and a POST",
            "97 MB",
            "≤ 70 MB",
            f"{post.resident_mb:.0f} MB",
        ),
        ("DynamoDB write units an event", "16.4 to 18.5", "≤ 9", f"{units:.2f}"),
        ("the price book's write units", "a constant 9", "counted", "counted from the items"),
    ):
        shown.add_row(*row)
    return shown


def main() -> None:
    """Print the figures."""
    console = Console()
    console.print(starts.grid())
    console.print(baseline())
    grid = Grid(title="CPU milliseconds, medians", title_justify="left")
    grid.add_column("what")
    grid.add_column("ms", justify="right")
    grid.add_row("intake: read one referral, warm", f"{reading_ms():.2f}")
    grid.add_row(f"routing: one decision, {_SPECIALISTS} specialists", f"{routing_ms():.2f}")
    console.print(grid)
    console.print(write_units.grid())


if __name__ == "__main__":
    main()
