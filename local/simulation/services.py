"""What AWS would do between the functions: queues, a topic, logs; all on the loop's time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import count
from typing import Any, Final, Self

from local.simulation.table import StreamRecord
from referral_core.observability import logger

Consume = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""A Lambda function that a service invokes; it raises when its worker dies or it fails."""

_VISIBILITY_S: Final = 180.0
_MOST_RECEIVES: Final = 100
_ASYNC_RETRIES_S: Final = (60.0, 120.0)
_STREAM_TRIES: Final = 4


@dataclass
class _Message:
    number: int
    body: str
    receives: int = 0
    hidden_s: float = _VISIBILITY_S


class VirtualQueue:
    """An SQS queue with one consumer, through the part of the client that the product uses.

    Attributes:
        bodies: everything that was ever sent to it.
        dead: what was received too often.
    """

    def __init__(self, consume: Consume | None = None) -> None:
        """Take the function that it feeds; a dead-letter queue has none."""
        self.consume = consume
        self.bodies: list[str] = []
        self.dead: list[str] = []
        self._received: dict[str, _Message] = {}
        self._numbers = count(1)

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - boto3's names
        MessageBody: str,  # noqa: N803
        MessageGroupId: str = "",  # noqa: N803
    ) -> dict[str, str]:
        """Take a message; return the id that it got."""
        del QueueUrl, MessageGroupId
        self.bodies.append(MessageBody)
        message = _Message(next(self._numbers), MessageBody)
        if self.consume is not None:
            asyncio.get_running_loop().call_soon(self._deliver, message)
        return {"MessageId": str(message.number)}

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - boto3's names
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        """Let a received message come again after so many seconds."""
        del QueueUrl
        self._received[ReceiptHandle].hidden_s = VisibilityTimeout

    def _deliver(self, message: _Message) -> None:
        if self.consume is None or message.receives >= _MOST_RECEIVES:
            self.dead.append(message.body)
            return
        message.receives += 1
        message.hidden_s = _VISIBILITY_S
        handle = f"receipt-{message.number}-{message.receives}"
        self._received = {handle: message}
        record = {
            "messageId": str(message.number),
            "receiptHandle": handle,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
        }
        try:
            answer = self.consume({"Records": [record]}) or {}
        except Exception:  # noqa: BLE001 - the service does not ask why its consumer failed
            answer = {"batchItemFailures": [{"itemIdentifier": str(message.number)}]}
        if answer.get("batchItemFailures"):
            asyncio.get_running_loop().call_later(message.hidden_s, self._deliver, message)


class VirtualTopic:
    """An SNS topic with one subscribed function, which Lambda tries again twice."""

    def __init__(self, consume: Consume) -> None:
        """Take the function."""
        self._consume = consume
        self.bodies: list[str] = []
        self.dead: list[str] = []

    async def publish(self, message: str) -> None:
        """Publish one message."""
        self.bodies.append(message)
        asyncio.get_running_loop().call_soon(self._deliver, message, 0)

    def redrive(self) -> None:
        """Deliver the dead letters again."""
        dead, self.dead = self.dead, []
        for message in dead:
            self._deliver(message, 0)

    def _deliver(self, message: str, tries: int) -> None:
        try:
            self._consume({"Records": [{"Sns": {"Message": message}}]})
        except Exception:  # noqa: BLE001 - as above
            if tries >= len(_ASYNC_RETRIES_S):
                self.dead.append(message)
                return
            loop = asyncio.get_running_loop()
            loop.call_later(_ASYNC_RETRIES_S[tries], self._deliver, message, tries + 1)


@dataclass
class VirtualStream:
    """The table's stream: batches of records, each tried again when its consumer fails.

    Attributes:
        consumers: by the prefixes of the sort keys that the mapping's filter lets through.
        dead: records given up, by their keys.
    """

    consumers: Sequence[tuple[str | tuple[str, ...], Consume]]
    dead: list[StreamRecord] = field(default_factory=list)
    _batch: list[StreamRecord] = field(default_factory=list)

    def add(self, records: Sequence[StreamRecord]) -> None:
        """Take records; they are delivered as soon as the writer is done."""
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._flush)
        self._batch.extend(records)

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        for prefix, consume in self.consumers:
            wanted = [r for r in batch if r["dynamodb"]["Keys"]["sk"]["S"].startswith(prefix)]
            if wanted:
                self.deliver(consume, wanted, 0)

    def deliver(self, consume: Consume, batch: list[StreamRecord], tries: int) -> None:
        """Deliver one batch to one consumer."""
        try:
            consume({"Records": batch})
        except Exception:  # noqa: BLE001 - as above
            if tries + 1 >= _STREAM_TRIES:
                self.dead.extend(batch)
                return
            asyncio.get_running_loop().call_later(1.0, self.deliver, consume, batch, tries + 1)


class Captured:
    """Everything that functions write to their standard output, line by line.

    Attributes:
        sink: where it goes while the block lasts.
    """

    def __init__(self) -> None:
        self.sink = StringIO()
        self._handlers: list[tuple[logging.StreamHandler[Any], Any]] = []

    def __enter__(self) -> Self:
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler):
                self._handlers.append((handler, handler.setStream(self.sink)))
        return self

    def __exit__(self, *_exc: object) -> None:
        for handler, stream in self._handlers:
            handler.setStream(stream)

    @property
    def lines(self) -> list[str]:
        """The lines so far."""
        return self.sink.getvalue().splitlines()
