"""Redrive: dead letters of the stream are given to their consumer once more, as the item is now.

A letter holds the keys of its record. What it was about is read from the table, for it may have
gone on since: using it late, or twice, is harmless for every consumer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from referral_core.adapters.aws.dynamodb.items import image_of

_AT_ONCE: Final = 10
_HIDDEN_S: Final = 120


class Redriven(NamedTuple):
    """What became of the letters. Attributes: kept: those that are still in the queue."""

    used: int
    kept: int


def redrive(client: Callable[[str], Any], queue: str, table: str, stack: str) -> Redriven:
    """Give each letter's record to its consumer, and delete the letters that were used.

    Args:
        client: makes a client of a service.
        queue: URL of the dead-letter queue of the stream.
        table: name of the table.
        stack: name of the stack, which its functions' names begin with.
    """
    sqs, used, kept = client("sqs"), 0, 0
    while True:
        found = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=_AT_ONCE, VisibilityTimeout=_HIDDEN_S
        ).get("Messages", [])
        if not found:
            return Redriven(used, kept)
        for message in found:
            if _is_used(client, table, stack, json.loads(message["Body"])):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                used += 1
            else:
                kept += 1


def _is_used(
    client: Callable[[str], Any], table: str, stack: str, letter: Mapping[str, Any]
) -> bool:
    """Give one letter's record to its consumer; return whether it was used."""
    keys, consumer = letter.get("keys"), letter.get("consumer")
    if not keys or not consumer:
        return False  # of the mapping itself: it names a range of the stream, and no record
    entry = client("dynamodb").get_item(TableName=table, Key=keys, ConsistentRead=True).get("Item")
    if entry is None:
        return True  # gone since: there is nothing left to do
    record = {
        "eventID": f"redriven-{letter.get('event_id')}",
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": keys,
            "NewImage": image_of(entry),
            "SequenceNumber": letter.get("sequence_number") or "0",
        },
    }
    answer = client("lambda").invoke(
        FunctionName=f"{stack}-{consumer}", Payload=json.dumps({"Records": [record]})
    )
    if answer.get("FunctionError"):
        return False
    said = json.loads(answer["Payload"].read())
    return not said.get("batchItemFailures")
