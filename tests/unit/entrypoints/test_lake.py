"""Events become rows at least once: what may work later comes again, poison is set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from local.lake.duck import DuckLake
from referral_core.adapters.aws.dynamodb.bodies import body_of, event_in
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.domain.errors import Retryable
from referral_core.domain.events import Event
from referral_core.entrypoints.lake import backfill, export
from referral_core.entrypoints.stream import DeadLetters
from tests.unit.reporting.lakes import a_request, rows, sample_events, sample_lake


class Queue:
    def __init__(self) -> None:
        self.letters: list[str] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - boto3's
        self.letters.append(MessageBody)


class Away(DuckLake):
    """A lake that takes nothing for so many calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Retryable("away")
        super().put(rows)


def record(number: int, event: Event | None) -> dict[str, Any]:
    body = body_of(event) if event else "{}"
    version = event.version if event else 1
    return {
        "eventID": str(number),
        "dynamodb": {
            "SequenceNumber": str(number),
            "Keys": {"pk": {"S": "T#lakeside#R#1"}, "sk": {"S": f"EVENT#{version:06d}"}},
            "NewImage": {"body": {"S": body}},
        },
    }


def consume(lake: DuckLake, records: list[dict[str, Any]], queue: Queue) -> list[dict[str, Any]]:
    """Consume a batch; return the records that come again."""
    dead = DeadLetters(lambda: queue, "dlq", "export_events")  # type: ignore[arg-type,return-value] # the part that it uses
    answer = export({"Records": records}, Sort.EVENT, event_in, lake, dead)
    again = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    return [r for r in records if r["dynamodb"]["SequenceNumber"] in again]


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [record(n, event) for n, event in enumerate(sample_events())]


def test_figures_are_the_same_from_the_stream(records: list[dict[str, Any]]) -> None:
    lake = DuckLake()
    assert consume(lake, records, Queue()) == []
    assert rows(lake, "loop", a_request()) == rows(sample_lake(), "loop", a_request())


def test_a_lake_that_is_away_gets_everything_once_it_is_back(
    records: list[dict[str, Any]],
) -> None:
    lake, queue = Away(calls=3), Queue()
    waiting = records
    for _ in range(3):
        waiting = consume(lake, waiting, queue)
        assert waiting == records
    assert consume(lake, waiting, queue) == []
    assert rows(lake, "cost", a_request()) == rows(sample_lake(), "cost", a_request())
    assert queue.letters == []


def test_poison_is_set_aside_and_the_others_are_delivered(records: list[dict[str, Any]]) -> None:
    unknown = sample_events()[3].but(metered={"carrier_pigeons": 1})
    batch = [records[0], record(9001, None), records[1], record(9002, unknown), records[2]]
    lake, queue = DuckLake(), Queue()
    assert consume(lake, batch, queue) == []
    assert lake.query("SELECT count(*) FROM referral_events") == [(3,)]
    assert ["ValidationError" in queue.letters[0], "UnknownUnit" in queue.letters[1]] == [True] * 2
    assert "carrier_pigeons" not in "".join(queue.letters)


def test_poison_beside_a_lake_that_is_away_comes_again_with_the_others(
    records: list[dict[str, Any]],
) -> None:
    batch = [records[0], record(9001, None)]
    assert consume(Away(calls=1), batch, Queue()) == batch


def test_what_is_no_event_is_no_row() -> None:
    other = record(1, None)
    other["dynamodb"]["Keys"]["sk"] = {"S": "@REFERRAL"}
    lake, queue = DuckLake(), Queue()
    assert consume(lake, [other], queue) == []
    assert lake.query("SELECT count(*) FROM referral_events") == [(0,)]
    assert queue.letters == []


@pytest.mark.parametrize("size", [1, 200, 5000])
def test_a_backfill_delivers_every_event_and_changes_no_figure(size: int) -> None:
    lake = DuckLake.of(sample_events()[::3])
    assert backfill(sample_events()[:600], lake, size) == 600
    backfill(sample_events(), lake, 500)
    assert rows(lake, "loop", a_request()) == rows(sample_lake(), "loop", a_request())
