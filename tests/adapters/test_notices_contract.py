"""One contract of the notice queue, two sides: in memory, and SQS as moto has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.sqs import SqsNotices
from referral_core.adapters.memory.partners import MemoryNotices
from referral_core.domain.errors import Retryable
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.run import NoticeRequest
from referral_core.ports.lifecycle import Notices
from tests.unit.builders import TENANT

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


def a_request(referral: str = "r1", notice: int = 1) -> NoticeRequest:
    return NoticeRequest(TENANT, ReferralId(referral), "main-ehr", notice, 1)


class Side(Protocol):
    notices: Notices

    def asked(self) -> set[tuple[str, str, int]]:
        """Return what is asked for: tenant, referral and number of the notice."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryNotices()
        self.notices: Notices = self.memory

    def asked(self) -> set[tuple[str, str, int]]:
        return {(a.tenant, a.referral_id, a.notice) for a in self.memory.asked}


class SqsSide:
    def __init__(self, client: SQSClient) -> None:
        self.client = client
        self.url = client.create_queue(QueueName="notices")["QueueUrl"]
        self.notices: Notices = SqsNotices(client, self.url)

    def bodies(self) -> list[str]:
        found = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [message["Body"] for message in found.get("Messages", [])]

    def asked(self) -> set[tuple[str, str, int]]:
        messages = [json.loads(body) for body in self.bodies()]
        return {(m["tenant"], m["referral_id"], m["notice"]) for m in messages}


@pytest.fixture
def sqs_side(monkeypatch: pytest.MonkeyPatch) -> Iterator[SqsSide]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield SqsSide(boto3.client("sqs", region_name="us-east-1"))


@pytest.fixture(params=["memory", "sqs"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: SqsSide = request.getfixturevalue("sqs_side")
    return side


def test_a_notice_is_asked_for_by_its_ids(side: Side) -> None:
    side.notices.enqueue(a_request(notice=2))

    assert side.asked() == {(TENANT, "r1", 2)}


def test_asking_twice_asks_for_one_notice(side: Side) -> None:
    side.notices.enqueue(a_request())
    side.notices.enqueue(a_request())
    side.notices.enqueue(a_request("r2"))

    assert side.asked() == {(TENANT, "r1", 1), (TENANT, "r2", 1)}


def test_the_queue_holds_ids_and_nothing_else(sqs_side: SqsSide) -> None:
    sqs_side.notices.enqueue(a_request())

    (body,) = sqs_side.bodies()
    assert json.loads(body) == {
        "tenant": TENANT,
        "referral_id": "r1",
        "ehr": "main-ehr",
        "notice": 1,
        "ask": 1,
    }


def test_each_ehr_is_a_group_of_its_own(sqs_side: SqsSide) -> None:
    for tenant, ehr in (("lakeside", "a"), ("lakeside", "b"), ("riverside", "a")):
        sqs_side.notices.enqueue(
            NoticeRequest(Tenant(tenant), ReferralId("r1"), ehr, notice=1, ask=1)
        )

    found = sqs_side.client.receive_message(
        QueueUrl=sqs_side.url, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"]
    )
    assert len({message["Attributes"]["MessageGroupId"] for message in found["Messages"]}) == 3


def test_a_queue_in_trouble_is_worth_a_retry(sqs_side: SqsSide) -> None:
    gone = SqsNotices(sqs_side.client, f"{sqs_side.url}-gone")

    with pytest.raises(Retryable):
        gone.enqueue(a_request())
