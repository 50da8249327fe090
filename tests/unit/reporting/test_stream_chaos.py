"""Rows repeated, reordered, delayed, lost for a day and poisoned: afterwards figures are equal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from referral_core.entrypoints.lake import backfill
from referral_core.reporting.request import Basis
from referral_core.reports import definitions
from tests.unit.entrypoints.test_lake import Away, Queue, consume, record
from tests.unit.reporting.lakes import a_request, rows, sample_events, sample_lake
from tests.unit.reporting.test_recount import by_cut

POISON = 12
REQUEST = a_request(basis=Basis.ACTIVITY, by=("pathway",))


@cache
def undisturbed() -> dict[str, Any]:
    return {name: by_cut(name, rows(sample_lake(), name, REQUEST)) for name in definitions()}


def poisoned(seed: str) -> list[dict[str, Any]]:
    """Records that are no event, of one that counts what nobody knows, and of no JSON."""
    events, odd = sample_events(), random.Random(f"poison {seed}")  # noqa: S311 - replayed from its seed
    found = []
    for number in range(POISON):
        bad = record(900_000 + number, None)
        match number % 3:
            case 1:
                unknown = odd.choice(events).but(metered={"carrier_pigeons": 1})
                bad = record(900_000 + number, unknown)
            case 2:
                bad["dynamodb"]["NewImage"]["body"] = {"S": "{" * number}
        found.append(bad)
    return found


def batches(seed: str, records: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the records as a bad stream brings them: shuffled, some twice, in odd batches."""
    odd = random.Random(seed)  # noqa: S311 - replayed from its seed
    given = [*records, *odd.sample(records, len(records) // 4)]
    odd.shuffle(given)
    while given:
        size = odd.randint(1, 50)
        yield given[:size]
        given = given[size:]


def lived(seed: str, lake: Away, records: list[dict[str, Any]], queue: Queue) -> None:
    """Bring every record, and those that come again behind all others, until none is left."""
    waiting = list(batches(seed, records))
    while waiting:
        again = consume(lake, waiting.pop(0), queue)
        if again:
            waiting.append(again)


@pytest.mark.parametrize("seed", ["one", "two"])
def test_after_a_bad_day_of_the_stream_every_figure_is_the_same(seed: str) -> None:
    records = [record(n, event) for n, event in enumerate(sample_events())]
    lake, queue = Away(calls=40), Queue()
    lived(seed, lake, [*records, *poisoned(seed)], queue)
    assert len(queue.letters) >= POISON, "poison is set aside, perhaps twice"
    for name, wanted in undisturbed().items():
        assert by_cut(name, rows(lake, name, REQUEST)) == wanted, name


def test_what_the_stream_forgot_while_its_consumer_was_down_a_backfill_brings() -> None:
    events = sample_events()
    third = len(events) // 3
    lake, queue = Away(calls=0), Queue()
    lost = events[third : 2 * third]  # the consumer was down for longer than the stream keeps
    kept = [e for e in events if e not in lost]
    lived("day", lake, [record(n, event) for n, event in enumerate(kept)], queue)
    differs = [n for n, w in undisturbed().items() if by_cut(n, rows(lake, n, REQUEST)) != w]
    assert "volume" in differs or "cost" in differs
    assert backfill(iter(events), lake) == len(events)
    for name, wanted in undisturbed().items():
        assert by_cut(name, rows(lake, name, REQUEST)) == wanted, name
