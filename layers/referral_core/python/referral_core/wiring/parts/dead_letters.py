"""The queue of stream records that could not be used."""

from __future__ import annotations

from referral_core.entrypoints.stream import DeadLetters
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


def dead_letters(consumer: str) -> DeadLetters:
    """Return the queue as one consumer of the stream sees it."""
    return DeadLetters(lambda: aws_client("sqs"), settings().need("stream_dlq_url"), consumer)
