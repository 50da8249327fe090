"""The function measure_queues."""

from __future__ import annotations

from referral_core.adapters.aws.dynamodb.pauses import PauseTable
from referral_core.adapters.aws.dynamodb.queue_gauges import QueueGauges
from referral_core.adapters.aws.firehose import FirehoseRows
from referral_core.adapters.aws.overhead_metrics import OverheadMetrics
from referral_core.entrypoints.queues import MeasureQueues, RecordOverhead
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock


@built_once
def build() -> MeasureQueues:
    """Build the function measure_queues."""
    client, table = aws_client("dynamodb"), settings().need("table_name")
    lake = FirehoseRows(aws_client("firehose"), settings().need("lake_stream"))
    overhead = RecordOverhead(OverheadMetrics(aws_client("cloudwatch")), lake)
    return MeasureQueues(QueueGauges(client, table), clock(), PauseTable(client, table), overhead)
