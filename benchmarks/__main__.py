"""`make bench`: what the code costs on this machine, each figure the median of several runs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from referral_core.domain.model import Tenant
from referral_core.domain.network import Practitioner
from referral_core.domain.routing import Need, rank, weeks_from
from referral_core.fhir.intake import read_referrals
from referral_core.pathways import pathway

ROOT: Final = Path(__file__).parents[1]
_RUNS: Final = 7
_SPECIALISTS: Final = 1_000
_COLD: Final = """
import time
began = time.process_time()
import receive_referral
from referral_core import wiring
wiring.receive_referral()
print(time.process_time() - began)
"""


def median_ms(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Return the median CPU milliseconds of some work."""
    taken = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def cold_start_ms() -> float:
    """Return the CPU milliseconds that intake needs to import and build, in a fresh process."""
    environment = {
        **os.environ,
        "TABLE_NAME": "none",
        "DOCUMENTS_BUCKET": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "bench",
    }
    taken = [
        float(
            subprocess.run(
                [sys.executable, "-c", _COLD],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for _ in range(_RUNS)
    ]
    return statistics.median(taken) * 1000


def reading_ms() -> float:
    """Return the CPU milliseconds of reading one referral, warm."""
    body = (ROOT / "events/referrals/happy-path.json").read_bytes()
    json.loads(body)
    return median_ms(lambda: read_referrals(body, "application/fhir+json", "resource"), 50)


def routing_ms() -> float:
    """Return the CPU milliseconds of one routing decision among a thousand specialists."""
    rule = pathway("generic-specialist", 1).routing
    specialists = [
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
    weeks = weeks_from(datetime(2026, 3, 2, tzinfo=UTC).date(), rule.weeks_ahead)
    need = Need(payer=None, latitude=42.05, longitude=-71.8)
    return median_ms(lambda: rank(need, specialists, {}, weeks, rule=rule, excluded={}))


def main() -> None:
    """Print the figures."""
    grid = Grid(title="CPU milliseconds, medians")
    grid.add_column("what")
    grid.add_column("ms", justify="right")
    grid.add_row("intake: import and build, fresh process", f"{cold_start_ms():.0f}")
    grid.add_row("intake: read one referral, warm", f"{reading_ms():.2f}")
    grid.add_row(f"routing: one decision, {_SPECIALISTS} specialists", f"{routing_ms():.2f}")
    Console().print(grid)


if __name__ == "__main__":
    main()
