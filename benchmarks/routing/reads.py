"""What the product's own decision takes: calls on the table, and CPU, cold and warm."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from statistics import median, quantiles
from typing import Any, Final

import boto3
from moto import mock_aws

from benchmarks.routing.season import FIRST_DAY, WEEK_LABELS, instant
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_item
from referral_core.adapters.aws.dynamodb.markets import DynamoDbMarkets
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import Tenant
from referral_core.domain.routing.filters import Need
from referral_core.domain.routing.published import ListedService, PublishedMarket
from referral_core.domain.routing.shortlist import Question, shortlist
from referral_core.pathways import pathway

_TENANT: Final = Tenant("bench")
_SPECIALTY: Final = "207RC0000X"
_SPECIALTIES: Final = 20
_DECISIONS: Final = 300
_TURNS: Final = 5
_KEPT: Final = 20
_NOW: Final = instant(0)


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one decision in a directory of so many services over 20 specialties.

    Attributes:
        cold, warm: calls on the table.
        cold_ms: reading the market, making its index, and the first choice.
        p50_ms, p99_ms: choosing in whom to look, hard filters included: of each decision the
            least of some turns, since what else a machine does only adds to it.
        as_came_ms: the p99 of all turns, what else the machine did included.
        wall_ms: the same by the clock on the wall.
    """

    services: int
    cold: Counter[str]
    warm: Counter[str]
    cold_ms: float
    p50_ms: float
    p99_ms: float
    as_came_ms: float
    wall_ms: float


def taken(size: int, seed: int = 1) -> Taken:
    """Publish the market of one of the specialties and decide in it."""
    rng = Random(seed)  # noqa: S311 - figures, not secrets
    everybody = [_practitioner(n, rng) for n in range(size // _SPECIALTIES)]
    rule = pathway("generic-specialist", 1).routing.but(weeks_ahead=len(WEEK_LABELS))
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        DynamoDbMarkets(client, "referrals").publish(_TENANT, _market(everybody, rng))
        for practitioner in everybody[:_KEPT]:
            client.put_item(TableName="referrals", Item=config_item(practitioner))
        calls: Counter[str] = Counter()

        def counted(model: Any, **_: Any) -> None:
            calls[model.name] += 1

        client.meta.events.register("before-call.dynamodb", counted)
        directory = DynamoDbDirectory(client, "referrals")

        def decided(need: Need) -> None:
            market = directory.market(_TENANT, _SPECIALTY)
            if market is not None:
                shortlist(market, Question(need, rule, WEEK_LABELS, {}, _NOW))

        def read() -> Counter[str]:
            calls.clear()
            directory.market(_TENANT, _SPECIALTY)
            entries = [(_SPECIALTY, p.npi) for p in everybody[:_KEPT]]
            directory.listed(_TENANT, entries, WEEK_LABELS)
            return Counter(calls)

        cold = read()
        directory = DynamoDbDirectory(client, "referrals")
        cold_ms = _milliseconds(lambda: decided(_need(rng)))
        after = read()
        warm = _warm([partial(decided, need) for need in _needs(rng)])
    return Taken(size, cold, after, cold_ms, *_figures(warm))


def _figures(warm: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float, float, float]:
    """Return p50, p99, p99 as it came and on the wall, of each decision's turns."""
    least = [min(cpu for cpu, _ in turns) for turns in warm]
    every = [turn for turns in warm for turn in turns]
    as_came, wall = _p99([cpu for cpu, _ in every]), _p99([wall for _, wall in every])
    return median(least), _p99(least), as_came, wall


def _warm(decisions: Sequence[Callable[[], None]]) -> list[list[tuple[float, float]]]:
    """Take each decision's CPU and wall time in milliseconds, turn by turn, collector at rest."""
    gc.collect()
    gc.disable()
    try:
        turns = [[_both(decision) for decision in decisions] for _ in range(_TURNS)]
    finally:
        gc.enable()
    return [list(of_one) for of_one in zip(*turns, strict=True)]


def _both(work: Callable[[], None]) -> tuple[float, float]:
    began = time.perf_counter_ns()
    cpu = _milliseconds(work)
    return cpu, (time.perf_counter_ns() - began) / 1e6


def _p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[-1]


def _needs(rng: Random) -> list[Need]:
    return [_need(rng) for _ in range(_DECISIONS)]


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1e6


def _market(everybody: list[Practitioner], rng: Random) -> PublishedMarket:
    return PublishedMarket(
        specialty=_SPECIALTY,
        version="bench",
        published_at=_NOW,
        valid_until=_NOW + timedelta(days=1),
        weeks=WEEK_LABELS,
        services=tuple(
            ListedService(
                practitioner=p,
                left=tuple(rng.randint(0, 5) for _ in WEEK_LABELS),
                prices=tuple(round(rng.expovariate(1 / 20), 3) for _ in WEEK_LABELS),
            )
            for p in everybody
        ),
    )


def _practitioner(number: int, rng: Random) -> Practitioner:
    return Practitioner(
        tenant=_TENANT,
        npi=f"{number:010d}",
        name=f"Dr. {number}",
        specialty=_SPECIALTY,
        organization=f"clinic-{number % 50}",
        networks=tuple(f"payer-{n}" for n in range(12) if rng.random() < 0.5),  # noqa: PLR2004
        tier=rng.randint(1, 2),
        latitude=rng.uniform(41, 43),
        longitude=rng.uniform(-73, -70),
        weekly_capacity=5,
        clinic_url="https://clinic.example.org",
        secret="none",  # noqa: S106 - no secret
    )


def _need(rng: Random) -> Need:
    return Need(
        payer=f"payer-{rng.randrange(12)}",
        day=FIRST_DAY,
        latitude=rng.uniform(41, 43),
        longitude=rng.uniform(-73, -70),
        language=rng.choice(("en", "en", "es")),
    )
