"""What the emulator leaves out of CloudWatch: metrics out of log lines, queues' lengths, alarms."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from infra import STACK_NAME
from local.alarms import AlarmJudge

_EVERY_S: Final = 10.0
_OVERLAP_MS: Final = 5_000
"""Read twice, for lines of one millisecond need not be there at once."""
_MARK: Final = '"CloudWatchMetrics"'
_A_CALL: Final = 500
_VISIBLE: Final = "ApproximateNumberOfMessages"


def metrics_in(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (namespace, datum of PutMetricData) for each metric of a line; nothing for another.

    Args:
        line: of a log; one of the embedded metric format is JSON with a description of itself.
    """
    try:
        told = json.loads(line)
        described = told["_aws"]["CloudWatchMetrics"]
    except (ValueError, TypeError, KeyError):
        return
    at = datetime.fromtimestamp(told["_aws"]["Timestamp"] / 1000, UTC)
    for directive in described:
        for names in directive["Dimensions"]:
            dimensions = [{"Name": name, "Value": str(told[name])} for name in names]
            for metric in directive["Metrics"]:
                values = told[metric["Name"]]
                yield (
                    directive["Namespace"],
                    {
                        "MetricName": metric["Name"],
                        "Dimensions": dimensions,
                        "Timestamp": at,
                        "Values": values if isinstance(values, list) else [values],
                        "Unit": metric.get("Unit", "None"),
                    },
                )


@dataclass
class MetricBridge:
    """Reads the functions' logs and puts what they measured, each line once; and what queues hold.

    Attributes:
        emulator: makes clients, as `Emulator` does.
    """

    emulator: Any
    _since_ms: int = 0
    _seen: dict[str, int] = field(default_factory=dict)

    def pump(self) -> int:
        """Put what was measured since the last time; return how many values of our own."""
        begun = int(time.time() * 1000)
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self._lines():
            for namespace, datum in metrics_in(line):
                found.setdefault(namespace, []).append(datum)
        count = sum(map(len, found.values()))
        found["AWS/SQS"] = list(self._queues())
        client = self.emulator.client("cloudwatch")
        for namespace, data in found.items():
            for first in range(0, len(data), _A_CALL):
                some = data[first : first + _A_CALL]
                client.put_metric_data(Namespace=namespace, MetricData=some)
        self._since_ms = begun - _OVERLAP_MS
        self._seen = {name: at for name, at in self._seen.items() if at >= self._since_ms}
        return count

    def _queues(self) -> Iterator[dict[str, Any]]:
        """Yield how many messages wait in each queue, as SQS itself tells CloudWatch."""
        queues, at = self.emulator.client("sqs"), datetime.now(UTC)
        for page in queues.get_paginator("list_queues").paginate():
            for url in page.get("QueueUrls", ()):
                told = queues.get_queue_attributes(QueueUrl=url, AttributeNames=[_VISIBLE])
                name = url.rpartition("/")[2]
                yield {
                    "MetricName": f"{_VISIBLE}Visible",
                    "Dimensions": [{"Name": "QueueName", "Value": name}],
                    "Timestamp": at,
                    "Values": [float(told["Attributes"][_VISIBLE])],
                    "Unit": "Count",
                }

    def _lines(self) -> Iterator[str]:
        """Yield the lines of invocations that were not read yet: each has a log stream."""
        logs, present = self.emulator.client("logs"), dict(self._seen)
        for group in self._groups():
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=self._since_ms, filterPattern=_MARK
            )
            for event in (event for page in pages for event in page["events"]):
                if event["logStreamName"] not in present:
                    self._seen[event["logStreamName"]] = event["timestamp"]
                    yield event["message"]

    def _groups(self) -> list[str]:
        functions = self.emulator.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        return [
            found["LoggingConfig"]["LogGroup"]
            for page in pages
            for found in page["Functions"]
            if found["FunctionName"].startswith(STACK_NAME)
        ]


@contextmanager
def bridged(emulator: Any) -> Iterator[None]:
    """Keep the emulator's metrics and the states of alarms up to date while the block lasts."""
    bridge, stopped = MetricBridge(emulator), threading.Event()
    judge = AlarmJudge(emulator, since=datetime.now(UTC))

    def keep() -> None:
        while not stopped.wait(_EVERY_S):
            with suppress(Exception):  # the next time reads what this one did not
                bridge.pump()
                judge.judge(datetime.now(UTC))

    thread = threading.Thread(target=keep, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=10)
