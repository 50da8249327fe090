"""EMF lines become metrics on one machine: what the functions print is what an alarm sees."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from local.metrics import MetricBridge, metrics_in
from referral_core.observability import Measured, measure_all


def emitted(capsys: pytest.CaptureFixture[str], **values: float) -> str:
    measure_all({name: Measured(value) for name, value in values.items()}, queue="all")
    return capsys.readouterr().out.strip()


def test_a_line_says_each_of_its_metrics_with_its_dimensions(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "measure_queues")

    found = {
        datum["MetricName"]: (namespace, datum)
        for namespace, datum in metrics_in(emitted(capsys, OpenReferrals=3, OverdueWorkItems=1))
    }

    assert set(found) == {"OpenReferrals", "OverdueWorkItems"}
    namespace, datum = found["OpenReferrals"]
    assert namespace == "ReferralRouter"
    assert datum["Values"] == [3]
    assert datum["Unit"] == "Count"
    assert datum["Dimensions"] == [
        {"Name": "service", "Value": "measure_queues"},
        {"Name": "queue", "Value": "all"},
    ]


@pytest.mark.parametrize("line", ["START RequestId: 1", "{}", "[1]", "null", '{"_aws": 1}'])
def test_another_line_says_nothing(line: str) -> None:
    assert list(metrics_in(line)) == []


class Logs:
    """The emulator as the bridge sees it: one function's log, whose streams are invocations.

    And one queue, in which two messages wait.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.put: list[str] = []
        self.queued: list[dict[str, Any]] = []

    def client(self, _service: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        self.operation = operation
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        if self.operation == "list_functions":
            group = {"LoggingConfig": {"LogGroup": "log"}}
            return [
                {
                    "Functions": [
                        {"FunctionName": "referral-router-a", **group},
                        {"FunctionName": "not-ours", "LoggingConfig": {"LogGroup": "other"}},
                    ]
                }
            ]
        if self.operation == "list_queues":
            return [{"QueueUrls": ["http://sqs/000000000000/dead"]}]
        assert asked["logGroupName"] == "log"
        return [{"events": [e for e in self.events if e["timestamp"] >= asked["startTime"]]}]

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "2"}}

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        if Namespace == "AWS/SQS":
            self.queued += MetricData
        else:
            self.put += [datum["MetricName"] for datum in MetricData]

    def write(self, stream: str, line: str) -> None:
        now = int(time.time() * 1000)
        self.events.append({"logStreamName": stream, "timestamp": now, "message": line})


def test_each_invocation_is_read_once_however_often_its_log_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs = Logs()
    bridge = MetricBridge(logs)
    line = emitted(capsys, OpenReferrals=3)
    logs.write("first", "START RequestId: 1")
    logs.write("first", line)

    assert [bridge.pump(), bridge.pump()] == [1, 0]
    logs.write("second", line)
    logs.write("second", line)
    assert [bridge.pump(), bridge.pump()] == [2, 0]
    assert json.dumps(logs.put) == json.dumps(["OpenReferrals"] * 3)


def test_what_a_queue_holds_is_measured_under_its_name() -> None:
    logs = Logs()

    MetricBridge(logs).pump()

    (datum,) = logs.queued
    assert datum["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert datum["Dimensions"] == [{"Name": "QueueName", "Value": "dead"}]
    assert datum["Values"] == [2.0]
