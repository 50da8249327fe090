"""The stream's events become rows of the lake: at least once here, exactly once in every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from referral_core.domain.errors import Retryable
from referral_core.entrypoints.stream import DeadLetters, Image, consume
from referral_core.observability import logger
from referral_core.reporting.rows import Row, row_of

if TYPE_CHECKING:
    from referral_core.domain.events import Event
    from referral_core.ports.lake import LakeRows


def export(
    event: Mapping[str, Any],
    prefix: str,
    read: Callable[[Image], Event],
    lake: LakeRows,
    dead_letters: DeadLetters,
) -> dict[str, list[dict[str, str]]]:
    """Deliver the rows of a batch of stream records.

    Args:
        event: a Lambda DynamoDB stream event.
        prefix: of the sort keys of events.
        read: reads the event in an image of its item.
        lake: where the rows go.
        dead_letters: takes records that are no events, or count what no column is for.

    Returns:
        A batch response: all of it is given back when the lake did not take all of it.
    """
    rows: list[Row] = []
    answer = consume(event, prefix, lambda _old, new: rows.append(row_of(read(new))), dead_letters)
    try:
        if rows:
            lake.put(rows)
    except Retryable as error:
        logger.warning("rows given back", extra={"error": type(error).__name__})
        numbers = (str(r["dynamodb"]["SequenceNumber"]) for r in event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
    return answer


def backfill(events: Iterable[Event], lake: LakeRows, size: int = 200) -> int:
    """Deliver the rows of events once more, so many at a time; return how many there were.

    A row that was delivered before counts once, so a backfill may be run at any time.
    """
    count, rows = 0, list[Row]()
    for event in events:
        rows.append(row_of(event))
        if len(rows) == size:
            lake.put(rows)
            count, rows = count + len(rows), []
    if rows:
        lake.put(rows)
    return count + len(rows)
