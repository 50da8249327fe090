"""Failed executions as Step Functions lists them, against moto."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.executions import StateMachineExecutions

ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture
def machine() -> Any:
    with mock_aws():
        client = boto3.client("stepfunctions", region_name="us-east-1")
        definition = (
            '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}'
        )
        arn = client.create_state_machine(name="m", definition=definition, roleArn=ROLE)
        yield client, arn["stateMachineArn"]


def test_those_that_ended_badly_are_listed_the_last_first_and_no_other(machine: Any) -> None:
    client, arn = machine
    for name in ("a-1", "b-1", "c-2"):
        started = client.start_execution(stateMachineArn=arn, name=name)
        if name != "b-1":
            client.stop_execution(executionArn=started["executionArn"])
    found, more = StateMachineExecutions(lambda _service: client, arn).failed()
    assert [each.name for each in found] == ["c-2", "a-1"]
    assert {each.status for each in found} == {"ABORTED"}
    assert more is False
