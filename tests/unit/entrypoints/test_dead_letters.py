"""A stream record that cannot be used is set aside by its keys: nothing says what was in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from referral_core.entrypoints.stream import DeadLetters, consume

NAME: Final = "Doe-Roe"
"""Stands for what may be PHI: it is in the record, and in the error that it leads to."""
QUEUE: Final = "https://sqs.example.org/1/stream-dlq"
KEYS: Final = {"pk": {"S": "lakeside#r1"}, "sk": {"S": "@REFERRAL"}}
EVENT: Final = {
    "Records": [
        {
            "eventID": "e1",
            "dynamodb": {
                "Keys": KEYS,
                "SequenceNumber": "7",
                "NewImage": {**KEYS, "body": {"S": NAME}},
                "OldImage": {**KEYS, "body": {"S": NAME}},
            },
        }
    ]
}


class Queue:
    """An SQS client that keeps what it is sent; called, it is made."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **request: Any) -> None:
        self.sent.append(request)

    def __call__(self) -> Queue:
        return self


def unusable(_old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    raise ValueError(f"cannot read {new['body']!r}")


def test_a_dead_letter_holds_keys_and_the_errors_type_and_nothing_of_the_content() -> None:
    queue = Queue()
    consume(EVENT, "@REFERRAL", unusable, DeadLetters(queue, QUEUE, "record_metrics"))  # type: ignore[arg-type]
    (sent,) = queue.sent
    assert sent["QueueUrl"] == QUEUE
    assert json.loads(sent["MessageBody"]) == {
        "consumer": "record_metrics",
        "error": "ValueError",
        "event_id": "e1",
        "keys": KEYS,
        "sequence_number": "7",
    }


def test_a_record_whose_dead_letter_is_refused_comes_again() -> None:
    # Given a queue of dead letters that throttles
    class Throttled(Queue):
        def send_message(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage")

    letters = DeadLetters(Throttled(), QUEUE, "record_metrics")  # type: ignore[arg-type]
    assert consume(EVENT, "@REFERRAL", unusable, letters) == {
        "batchItemFailures": [{"itemIdentifier": "7"}]
    }


def test_the_log_of_a_dead_letter_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    consume(EVENT, "@REFERRAL", unusable, DeadLetters(Queue(), QUEUE, "record_metrics"))  # type: ignore[arg-type]
    (logged,) = caplog.records
    assert vars(logged)["error"] == "ValueError"
    assert NAME not in str(vars(logged))
