"""What one decision takes, beside a scan of the same specialty in the same run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median, quantiles
from typing import Final

from benchmarks.routing.season import LANGUAGES, WEEK_LABELS
from referral_core.domain.routing.matching import DEFAULT_COSTS, Demand, Service
from referral_core.domain.routing.prices import PriceList, decide
from referral_core.domain.routing.service_index import ServiceIndex

SIZES: Final = (1_000, 10_000, 100_000)
_SPECIALTIES: Final = 20
_PAYERS: Final = 12
_DECISIONS: Final = 2_000
_SCANS: Final = 20
_KEPT: Final = 20
_FULL, _PREFERRED, _IN_NETWORK, _URGENT = 0.2, 0.3, 0.5, 0.3
_NOW: Final = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Times:
    """CPU milliseconds of one decision.

    Attributes:
        cold: the first decision of a specialty with a new price list, median.
        scan: looking at every service of the specialty instead, median.
        build: making the index, once.
    """

    services: int
    p50: float
    p99: float
    p99_kept: float
    greedy_p99: float
    cold: float
    scan: float
    build: float


def measured(size: int, seed: int = 1) -> Times:
    """Measure decisions among `size` services over 20 specialties, a fifth of the weeks full."""
    rng = Random(seed)  # noqa: S311 - figures, not secrets
    services = [_service(n, rng) for n in range(size)]
    began = time.thread_time()
    index = ServiceIndex(services)
    build = (time.thread_time() - began) * 1000
    left = {
        s.id: tuple(0 if rng.random() < _FULL else rng.randint(1, 5) for _ in WEEK_LABELS)
        for s in services
    }
    prices = PriceList(
        version="bench",
        valid_until=_NOW + timedelta(hours=1),
        weeks=WEEK_LABELS,
        prices={s.id: tuple(rng.expovariate(1 / 20) for _ in WEEK_LABELS) for s in services},
    )
    demands = [_demand(rng) for _ in range(_DECISIONS)]

    def decided(keep: int, used: PriceList | None) -> Callable[[Demand], object]:
        return lambda demand: decide(
            index, demand, left.__getitem__, WEEK_LABELS, prices=used, now=_NOW, keep=keep
        )

    firsts = list({(d.specialty, d.urgent): d for d in demands}.values())
    cold = median(_milliseconds(decided(1, prices), firsts))
    warm = _milliseconds(decided(1, prices), demands)
    return Times(
        services=size,
        p50=median(warm),
        p99=_p99(warm),
        p99_kept=_p99(_milliseconds(decided(_KEPT, prices), demands)),
        greedy_p99=_p99(_milliseconds(decided(1, None), demands)),
        cold=cold,
        scan=median(_milliseconds(_scan(services, left, prices), demands[:_SCANS])),
        build=build,
    )


def _scan(
    services: Sequence[Service], left: Mapping[str, tuple[int, ...]], prices: PriceList
) -> Callable[[Demand], object]:
    """Return a decision that looks at every service of the specialty."""
    by_specialty: dict[str, list[Service]] = {}
    for service in services:
        by_specialty.setdefault(service.specialty, []).append(service)

    def scanned(demand: Demand) -> object:
        waits = DEFAULT_COSTS.waits(demand, len(WEEK_LABELS))
        return min(
            DEFAULT_COSTS.of(demand, s) + waits[ahead] + prices.prices[s.id][ahead]
            for s in by_specialty[demand.specialty]
            for ahead, room in enumerate(left[s.id])
            if room
        )

    return scanned


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[-1]


def _milliseconds(work: Callable[[Demand], object], demands: list[Demand]) -> list[float]:
    """Take the CPU time of each piece of work, with the garbage collector at rest."""
    times = []
    gc.collect()
    gc.disable()
    try:
        for demand in demands:
            began = time.thread_time_ns()
            work(demand)
            times.append((time.thread_time_ns() - began) / 1e6)
    finally:
        gc.enable()
    return times


def _service(number: int, rng: Random) -> Service:
    return Service(
        id=f"service-{number:06d}",
        specialty=f"specialty-{number % _SPECIALTIES}",
        place=(rng.uniform(41, 43), rng.uniform(-73, -70)),
        tiers={
            f"payer-{n}": 1 if rng.random() < _PREFERRED else 2
            for n in range(_PAYERS)
            if rng.random() < _IN_NETWORK
        },
        languages=frozenset({"en", rng.choice(list(LANGUAGES))}),
    )


def _demand(rng: Random) -> Demand:
    return Demand(
        specialty=f"specialty-{rng.randrange(_SPECIALTIES)}",
        payer=f"payer-{rng.randrange(_PAYERS)}",
        place=(rng.uniform(41, 43), rng.uniform(-73, -70)),
        language=rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
        urgent=rng.random() < _URGENT,
    )
