"""What patients write arrives on a real topic, as the service publishes it."""

from __future__ import annotations

import asyncio
import json

import boto3
import pytest
from moto import mock_aws

from local.partners.carrier.endpoint import NUMBER, Carrier, SnsTopic
from local.partners.carrier.patients import Patients
from tests.adapters.still_world import StillWorld

PHONE = "+15085550131"


def test_a_reply_is_published_to_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        sns = boto3.client("sns", region_name="us-east-1")
        sqs = boto3.client("sqs", region_name="us-east-1")
        topic = sns.create_topic(Name="replies")["TopicArn"]
        queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:seen"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        world = StillWorld()
        carrier = Carrier(world, Patients(world), SnsTopic(sns, topic))

        asyncio.run(carrier.reply(PHONE, "Yes please", "sent-1"))

        (received,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    message = json.loads(json.loads(received["Body"])["Message"])
    assert set(message) == {
        "originationNumber",
        "destinationNumber",
        "messageKeyword",
        "messageBody",
        "inboundMessageId",
        "previousPublishedMessageId",
    }
    assert (message["originationNumber"], message["destinationNumber"]) == (PHONE, NUMBER)
    assert (message["messageBody"], message["previousPublishedMessageId"]) == (
        "Yes please",
        "sent-1",
    )
