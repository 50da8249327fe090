"""DynamoDB stream records, read one by one: a poisoned one goes aside and stops nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer

from referral_core.observability import logger

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Image = Mapping[str, Any]

_deserialize: Final = TypeDeserializer().deserialize


class DeadLetters:
    """The queue of stream records that could not be used; holds keys, never content."""

    def __init__(self, client: SQSClient, url: str, consumer: str) -> None:
        """Take an SQS client, the queue and the name of the consumer."""
        self._client = client
        self._url = url
        self._consumer = consumer

    def put(self, record: Mapping[str, Any], error: Exception) -> None:
        """Put one record's keys aside."""
        stream = record.get("dynamodb", {})
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(
                {
                    "consumer": self._consumer,
                    "error": type(error).__name__,
                    "event_id": record.get("eventID"),
                    "keys": stream.get("Keys"),
                    "sequence_number": stream.get("SequenceNumber"),
                }
            ),
        )


def consume(
    event: Mapping[str, Any],
    prefix: str,
    use: Callable[[Image | None, Image], None],
    dead_letters: DeadLetters,
) -> dict[str, list[dict[str, str]]]:
    """Hand the old and new image of every record of one kind to `use`.

    Args:
        event: a Lambda DynamoDB stream event.
        prefix: of the sort keys to use; the mapping's filter lets no others through on AWS.
        use: called with (old image or None, new image); both as plain values.
        dead_letters: takes the records for which `use` raises.

    Returns:
        A batch response without failures: what failed is set aside, so nothing is held up.
    """
    for record in event.get("Records", []):
        try:
            stream = record["dynamodb"]
            wanted = str(stream["Keys"]["sk"]["S"]).startswith(prefix)
            if wanted and "NewImage" in stream:
                use(_plain(stream.get("OldImage")), _plain(stream["NewImage"]) or {})
        except Exception as error:  # noqa: BLE001 - the one outermost place of a stream record
            logger.error("stream record set aside", extra={"error": type(error).__name__})
            dead_letters.put(record, error)
    return {"batchItemFailures": []}


def _plain(image: Mapping[str, Any] | None) -> Image | None:
    if image is None:
        return None
    return {name: _deserialize(value) for name, value in image.items()}
