"""Deliver the rows of all the table's events anew: `python -m local.backfill`.

For the stack of `make local`, or with --table and --stream for a deployed one (with the account's
own credentials). A row that was delivered before counts once in every figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import boto3

from infra.lake_delivery import STREAM
from local.running_stack import RunningStack
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.adapters.aws.firehose import FirehoseRows
from referral_core.domain.events import Event
from referral_core.entrypoints.lake import backfill


def main() -> None:
    """Read every event of the table and deliver its row."""
    parser = argparse.ArgumentParser(prog="python -m local.backfill")
    parser.add_argument("--table", help="a deployed table; the running stack's when left out")
    parser.add_argument("--stream", default=STREAM, help="the delivery stream")
    chosen = parser.parse_args()
    if chosen.table:
        dynamodb, firehose, table = boto3.client("dynamodb"), boto3.client("firehose"), chosen.table
    else:
        running = RunningStack.found()
        dynamodb = running.emulator.client("dynamodb")
        firehose = running.emulator.client("firehose")
        table = running.deployment["TableName"]
    count = backfill(events(dynamodb, table), FirehoseRows(firehose, chosen.stream))
    print(f"{count} rows delivered; what was there already counts once.")


def events(dynamodb: Any, table: str) -> Iterator[Event]:
    """Yield every event of a table, of all tenants."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(sk, :event)",
        ExpressionAttributeValues={":event": {"S": Sort.EVENT.value}},
    )
    for page in pages:
        for item in page["Items"]:
            yield event_in(plain(item))


if __name__ == "__main__":
    main()
