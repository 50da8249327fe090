"""Rows of the lake through Firehose, which writes them as Parquet by tenant and day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.domain.errors import Retryable
from referral_core.metering import METER

if TYPE_CHECKING:
    from types_boto3_firehose import FirehoseClient

LAKE_ROWS: Final = "lake_rows"
"""The unit: Firehose bills each row it takes."""
_AT_ONCE: Final = 200
"""Firehose takes 500 records and 4 MB a call; a row is about 2 KB."""


class FirehoseRows:
    """Delivers rows as JSON, an object a line."""

    def __init__(self, client: FirehoseClient, stream: str) -> None:
        """Take a Firehose client and the delivery stream's name."""
        self._client = client
        self._stream = stream

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Deliver rows; what has no value is left out."""
        for start in range(0, len(rows), _AT_ONCE):
            self._put(rows[start : start + _AT_ONCE])

    def _put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            answer = self._client.put_record_batch(
                DeliveryStreamName=self._stream,
                Records=[{"Data": _line(row)} for row in rows],
            )
        except (ClientError, BotoCoreError) as error:
            raise Retryable("The lake's stream did not answer.") from error
        METER.add(LAKE_ROWS, len(rows))
        if answer["FailedPutCount"]:
            raise Retryable("The lake's stream did not take all rows.")


def _line(row: Mapping[str, Any]) -> bytes:
    known = {name: value for name, value in row.items() if value is not None}
    return json.dumps(known, separators=(",", ":")).encode() + b"\n"
