"""DynamoDB stream records, read one by one: what may work later comes again, poison is set aside.

Which of the two an error is says its type (`domain/errors.py`). A record that is given back comes
again with all that follow it, so a consumer is idempotent; what AWS gives up in the end, and what
the emulator never gives again, the watchdog finds due.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from referral_core.domain.errors import Retryable
from referral_core.observability import logger

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Image = Mapping[str, Any]
"""An item before or after a write, as plain values; what is binary is base64 text."""

_READ: Final[Mapping[str, Callable[[Any], Any]]] = {"S": str, "B": str, "N": int, "BOOL": bool}
"""The types of what consumers read; a table's reader reads more."""


class DeadLetters:
    """The queue of stream records that could not be used; holds keys, never content."""

    def __init__(self, client: Callable[[], SQSClient], url: str, consumer: str) -> None:
        """Take what makes an SQS client when one is needed, the queue, and the consumer's name."""
        self._client = client
        self._url = url
        self._consumer = consumer

    def put(self, record: Mapping[str, Any], error: Exception) -> bool:
        """Dead-letter one record by its keys; return whether the queue has it."""
        stream = record.get("dynamodb", {})
        letter = {
            "consumer": self._consumer,
            "error": type(error).__name__,
            "event_id": record.get("eventID"),
            "keys": stream.get("Keys"),
            "sequence_number": stream.get("SequenceNumber"),
        }
        try:
            self._client().send_message(QueueUrl=self._url, MessageBody=json.dumps(letter))
        except Exception as refused:  # noqa: BLE001 - botocore's errors; it must not be lost for one
            logger.error("dead letter not queued", extra={"error": type(refused).__name__})
            return False
        return True


def consume(
    event: Mapping[str, Any],
    prefix: str | tuple[str, ...],
    use: Callable[[Image | None, Image], None],
    dead_letters: DeadLetters,
    *,
    deleted: Callable[[Image], None] | None = None,
) -> dict[str, list[dict[str, str]]]:
    """Hand the old and new image of every record of one kind to `use`.

    Args:
        event: a Lambda DynamoDB stream event.
        prefix: of the sort keys to use, or several; on AWS the mapping's filter lets no others
            through.
        use: called with (old image or None, new image); both as plain values.
        dead_letters: takes the records for which `use` raises.
        deleted: called with the last image of what was deleted, if anybody minds.

    Returns:
        A batch response: the records to be given again, which are those that failed for a reason
        that passes. The others are done with: used, of another kind, or dead-lettered.
    """
    again = [
        str(record["dynamodb"]["SequenceNumber"])
        for record in event.get("Records", [])
        if not _is_done(record, prefix, use, deleted, dead_letters)
    ]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in again]}


def _is_done(
    record: Mapping[str, Any],
    prefix: str | tuple[str, ...],
    use: Callable[[Image | None, Image], None],
    deleted: Callable[[Image], None] | None,
    dead_letters: DeadLetters,
) -> bool:
    """Use one record; return whether it is done with."""
    try:
        stream = record["dynamodb"]
        wanted = str(stream["Keys"]["sk"]["S"]).startswith(prefix)
        if wanted and "NewImage" in stream:
            use(_plain(stream.get("OldImage")), _plain(stream["NewImage"]) or {})
        elif wanted and deleted is not None and "OldImage" in stream:
            deleted(_plain(stream["OldImage"]) or {})
    except Retryable as error:
        logger.warning("stream record given back", extra={"error": type(error).__name__})
        return False
    except Exception as error:  # noqa: BLE001 - the one outermost place of a stream record
        logger.error("stream record dead-lettered", extra={"error": type(error).__name__})
        return dead_letters.put(record, error)
    return True


def _plain(image: Mapping[str, Any] | None) -> Image | None:
    if image is None:
        return None
    typed = {name: next(iter(value.items())) for name, value in image.items()}
    return {name: _READ[kind](value) for name, (kind, value) in typed.items() if kind in _READ}
