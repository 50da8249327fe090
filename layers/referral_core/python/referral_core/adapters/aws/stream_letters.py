"""Redrive: dead letters of the stream are given to their consumer once more, as the item is now.

A letter holds the keys of its record. What it was about is read from the table, for it may have
gone on since: using it late, or twice, is harmless for every consumer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb.items import image_of
from referral_core.adapters.aws.dynamodb.keys import tenant_of
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.ids import Tenant
from referral_core.ports.operations import Redriven

_AT_ONCE: Final = 10
_HIDDEN_S: Final = 120
_ASKED_S: Final = 1
"""A queue that is not waited for is asked in part, and says that it is empty when it is not."""
_FOR_S: Final = 20
"""As long as one call begins letters: the API waits for thirty seconds."""


class SqsStreamLetters:
    """The dead-letter queue of the stream, and the consumers behind it."""

    def __init__(self, client: Callable[[Any], Any], queue: str, table: str, stack: str) -> None:
        """Take where letters lie and what they are about.

        Args:
            client: makes a client of a service.
            queue: URL of the dead-letter queue of the stream.
            table: name of the table.
            stack: name of the stack, which its functions' names begin with.
        """
        self._client, self._queue, self._table, self._stack = client, queue, table, stack

    def redrive(self, tenant: Tenant | None) -> Redriven:
        """Give each letter's record to its consumer, and delete the letters that were used.

        Args:
            tenant: whose letters are given; another's stay where they are. None: all.
        """
        sqs, used, kept, others = self._client("sqs"), 0, 0, list[str]()
        until, found = time.monotonic() + _FOR_S, list[Any]()
        while time.monotonic() < until:
            with service_errors("The dead letters could not be read"):
                found = sqs.receive_message(
                    QueueUrl=self._queue,
                    MaxNumberOfMessages=_AT_ONCE,
                    VisibilityTimeout=_HIDDEN_S,
                    WaitTimeSeconds=_ASKED_S,
                ).get("Messages", [])
            if not found:
                break
            for message in found:
                letter = json.loads(message["Body"])
                if tenant is not None and _tenant(letter) != tenant:
                    others.append(message["ReceiptHandle"])
                    continue
                if self._is_used(letter):
                    with service_errors("A dead letter could not be deleted"):
                        sqs.delete_message(
                            QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                        )
                    used += 1
                else:
                    kept += 1
        for handle in others:  # whose they are finds them at once
            with service_errors("A dead letter could not be put back"):
                sqs.change_message_visibility(
                    QueueUrl=self._queue, ReceiptHandle=handle, VisibilityTimeout=0
                )
        return Redriven(used, kept, more=bool(found))

    def waiting(self) -> int:
        """Return about how many letters lie in the queue."""
        wanted = "ApproximateNumberOfMessages"
        with service_errors("The dead letters could not be counted"):
            found = self._client("sqs").get_queue_attributes(
                QueueUrl=self._queue, AttributeNames=[wanted]
            )
        return int(found["Attributes"][wanted])

    def _is_used(self, letter: Mapping[str, Any]) -> bool:
        """Give one letter's record to its consumer; return whether it was used."""
        keys, consumer = letter.get("keys"), letter.get("consumer")
        if not keys or not consumer:
            return False  # of the mapping itself: it names a range of the stream, and no record
        with service_errors("A dead letter could not be given to its consumer"):
            entry = (
                self._client("dynamodb")
                .get_item(TableName=self._table, Key=keys, ConsistentRead=True)
                .get("Item")
            )
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
            answer = self._client("lambda").invoke(
                FunctionName=f"{self._stack}-{consumer}", Payload=json.dumps({"Records": [record]})
            )
        # Read whatever it says: its connection is free again only then.
        said = answer["Payload"].read()
        if answer.get("FunctionError"):
            return False
        return not json.loads(said).get("batchItemFailures")


def _tenant(letter: Mapping[str, Any]) -> Tenant | None:
    """Return whose item a letter is about; None where it names none."""
    partition = (letter.get("keys") or {}).get("pk", {}).get("S", "")
    return tenant_of(partition) if partition.startswith("T#") else None
