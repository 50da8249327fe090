"""Failed executions as Step Functions lists them, against moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.executions import StateMachineExecutions
from tests.unit.builders import NOW

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


class Listing:
    """Step Functions of a cell in which a thousand executions failed, and more."""

    def __init__(self) -> None:
        self.pages = 0

    def get_paginator(self, _operation: str) -> Listing:
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        while True:
            self.pages += 1
            ended = {"executionArn": "arn", "status": asked["statusFilter"], "stopDate": NOW}
            names = [f"{self.pages}-{n}" for n in range(asked["maxResults"])]
            yield {"executions": [{"name": n, **ended} for n in names], "nextToken": "more"}


def test_pages_are_followed_as_far_as_anybody_looks() -> None:
    cell = Listing()
    found, more = StateMachineExecutions(lambda _service: cell, "arn").failed()
    assert len(found) == 3 * 1000
    assert cell.pages == 3 * 10
    assert more is True
