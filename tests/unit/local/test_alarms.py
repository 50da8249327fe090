"""Alarms are judged on one machine as CloudWatch documents it: one dimension is not another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from local.alarms import AlarmJudge, state_of

NOW: Final = datetime(2026, 3, 2, 14, 2, 30, tzinfo=UTC)
LONG_AGO: Final = NOW - timedelta(days=1)
ALARM: Final[Mapping[str, Any]] = {
    "StateValue": "OK",
    "EvaluationPeriods": 1,
    "Threshold": 4.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}
BELOW: Final = {"Threshold": 1.0, "ComparisonOperator": "LessThanThreshold"}


@pytest.mark.parametrize(
    ("alarm", "values", "state"),
    [
        ({}, [4.0], "ALARM"),
        ({}, [3.9], "OK"),
        ({}, [None], "OK"),
        ({"ComparisonOperator": "GreaterThanThreshold"}, [4.0], "OK"),
        ({**BELOW, "TreatMissingData": "breaching"}, [None], "ALARM"),
        ({**BELOW, "TreatMissingData": "breaching"}, [1.0], "OK"),
        ({**BELOW, "ComparisonOperator": "LessThanOrEqualToThreshold"}, [1.0], "ALARM"),
        ({"TreatMissingData": "missing"}, [None], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "ignore", "StateValue": "ALARM"}, [None], "ALARM"),
        ({"EvaluationPeriods": 3}, [4.0, 4.0, 3.0], "OK"),
        ({"EvaluationPeriods": 3}, [4.0, 4.0, 4.0], "ALARM"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [4.0, None, 9.0], "ALARM"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [4.0, None, 0.0], "OK"),
    ],
)
def test_a_state_is_by_what_breaches_and_what_is_missing(
    alarm: Mapping[str, Any], values: list[float | None], state: str
) -> None:
    assert state_of({**ALARM, **alarm}, values) == state


class Cloud:
    """CloudWatch of an account, given as the emulator gives clients."""

    def __init__(self) -> None:
        self.cloudwatch = boto3.client("cloudwatch", "us-east-1")

    def client(self, _service: str) -> Any:
        return self.cloudwatch

    def alarm(self, name: str, statistic: str, partner: str, **more: Any) -> None:
        wanted = {k: v for k, v in {**ALARM, **more}.items() if k != "StateValue"}
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="ReferralRouter",
            MetricName="PartnerCalls",
            Dimensions=[{"Name": "partner", "Value": partner}],
            Statistic=statistic,
            Period=300,
            **wanted,
        )

    def measured(self, partner: str, *values: float, before: timedelta = timedelta(0)) -> None:
        datum = {
            "MetricName": "PartnerCalls",
            "Dimensions": [{"Name": "partner", "Value": partner}],
            "Timestamp": NOW - before - timedelta(seconds=1),
            "Values": list(values),
        }
        self.cloudwatch.put_metric_data(Namespace="ReferralRouter", MetricData=[datum])

    @property
    def up(self) -> set[str]:
        found = self.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
        return {alarm["AlarmName"] for alarm in found}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Cloud()


def test_an_alarm_sees_its_own_dimension_alone(cloud: Cloud) -> None:
    for partner in ("payer", "clinic"):
        cloud.alarm(partner, "Sum", partner)
    cloud.measured("clinic", 1.0, 1.0, 1.0, 1.0)

    assert "clinic" in AlarmJudge(cloud, LONG_AGO).judge(NOW)

    assert cloud.up == {"clinic"}


def test_a_period_is_the_time_just_gone_by_and_one_before_it_is_over(cloud: Cloud) -> None:
    cloud.alarm("clinic", "Sum", "clinic")
    # A period of the clock began in between: CloudWatch's window does not care.
    cloud.measured("clinic", 2.0, before=timedelta(minutes=3))
    cloud.measured("clinic", 2.0)

    AlarmJudge(cloud, LONG_AGO).judge(NOW)
    assert cloud.up == {"clinic"}

    AlarmJudge(cloud, LONG_AGO).judge(NOW + timedelta(minutes=3))
    assert cloud.up == set()


def test_a_mean_is_of_all_values_of_the_period(cloud: Cloud) -> None:
    cloud.alarm("clinic", "Average", "clinic")
    # By halves of the period the means would be 9 and 1: their mean would breach.
    cloud.measured("clinic", 9.0, before=timedelta(minutes=3))
    cloud.measured("clinic", 1.0, 1.0, 1.0, 1.0)

    AlarmJudge(cloud, LONG_AGO).judge(NOW)

    assert cloud.up == set()


def test_what_is_silent_wakes_only_where_silence_is_a_fault(cloud: Cloud) -> None:
    cloud.alarm("watchdog", "SampleCount", "ehr", **{**BELOW, "TreatMissingData": "breaching"})
    cloud.alarm("payer", "Maximum", "payer")

    AlarmJudge(cloud, LONG_AGO).judge(NOW)
    assert cloud.up == {"watchdog"}

    cloud.measured("ehr", 0.0)
    AlarmJudge(cloud, LONG_AGO).judge(NOW)
    assert cloud.up == set()


def test_what_was_measured_while_the_stack_started_raises_nothing(cloud: Cloud) -> None:
    cloud.alarm("clinic", "Sum", "clinic")
    cloud.measured("clinic", 9.0, before=timedelta(minutes=2))

    AlarmJudge(cloud, since=NOW - timedelta(minutes=1)).judge(NOW)
    assert cloud.up == set()

    AlarmJudge(cloud, since=NOW + timedelta(seconds=1)).judge(NOW)
    assert cloud.up == set()


def test_what_has_not_been_there_for_a_whole_period_is_not_silent_yet(cloud: Cloud) -> None:
    cloud.alarm("prices", "SampleCount", "ehr", **{**BELOW, "TreatMissingData": "breaching"})

    AlarmJudge(cloud, since=NOW - timedelta(minutes=4)).judge(NOW)
    assert cloud.up == set()

    AlarmJudge(cloud, since=NOW - timedelta(minutes=5)).judge(NOW)
    assert cloud.up == {"prices"}
