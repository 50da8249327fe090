"""The hourly sums of what functions said that no event carries, as CloudWatch has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from local.metrics import metrics_in
from referral_core.adapters.aws.overhead_metrics import OverheadMetrics
from referral_core.domain.errors import Retryable
from referral_core.domain.money.overhead import Overhead
from referral_core.metering import say_overhead

HOUR = timedelta(hours=1)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("cloudwatch", "us-east-1")


def test_what_functions_said_is_summed_by_the_hour(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given three invocations' own lines, two of an hour and one of the next
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    said = [
        (now + timedelta(minutes=5), {"lambda_ms": 20, "read_units": 3}),
        (now + timedelta(minutes=59, seconds=59), {"lambda_ms": 22}),
        (now + HOUR, {"other_calls": 1}),
    ]
    for at, units in said:
        say_overhead(units)
        line = json.loads(capsys.readouterr().out)
        line["_aws"]["Timestamp"] = int(at.timestamp() * 1000)
        for namespace, datum in metrics_in(json.dumps(line)):
            client.put_metric_data(Namespace=namespace, MetricData=[datum])

    found = OverheadMetrics(client).hours(now - HOUR, now + HOUR)

    assert found == [Overhead(now, {"lambda_ms": 42, "read_units": 3})]
    assert OverheadMetrics(client).hours(now + HOUR, now + 2 * HOUR) == [
        Overhead(now + HOUR, {"other_calls": 1})
    ]


def test_hours_in_which_nothing_was_said_have_no_row(client: Any) -> None:
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert OverheadMetrics(client).hours(now - HOUR, now) == []


def test_cloudwatch_that_is_away_may_be_asked_again() -> None:
    class Away:
        def get_paginator(self, _: str) -> Any:
            raise EndpointConnectionError(endpoint_url="https://monitoring")

    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    with pytest.raises(Retryable):
        OverheadMetrics(Away()).hours(now - HOUR, now)  # type: ignore[arg-type] # the part that it uses


def test_a_series_that_cloudwatch_could_not_read_is_no_hour_without_use() -> None:
    at = datetime(2026, 3, 6, 12, tzinfo=UTC)

    class Half:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> Iterator[Any]:
            for status, values in (("PartialData", [3.0]), (self.last, [])):
                series = {"Id": "read_units", "Timestamps": [at] * len(values), "Values": values}
                yield {"MetricDataResults": [{**series, "StatusCode": status}]}

        last = "InternalError"

    half = Half()
    with pytest.raises(Retryable):
        OverheadMetrics(half).hours(at, at + HOUR)  # type: ignore[arg-type] # the part that it uses
    half.last = "Complete"
    assert OverheadMetrics(half).hours(at, at + HOUR) == [Overhead(at, {"read_units": 3})]  # type: ignore[arg-type] # as above
