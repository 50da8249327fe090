"""One contract of letters, two sides: in memory, and S3 and SQS as moto has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.print_queue import PrintedLetters, letter
from referral_core.adapters.aws.s3 import S3Documents
from referral_core.adapters.memory.partners import MemoryDocuments, MemoryMessenger
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.messages import Message
from referral_core.ports.lifecycle import Messenger
from tests.adapters.messages import a_message

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

BUCKET = "documents"
ADDRESS = "Pat Rivera\n12 Lake Street\nWorcester MA 01609"
BODY = "Hola:\n\nLlámenos al 508-555-0101."


def a_letter(**fields: str) -> Message:
    base = {"to": ADDRESS, "subject": "Por favor llámenos", "body": BODY, "language": "es"}
    return a_message(channel="letter", **{**base, **fields})


class Side(Protocol):
    messenger: Messenger

    def printed(self) -> dict[str, tuple[str, str]]:
        """Return address and body of the letter printed for each reference."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryMessenger()
        self.messenger: Messenger = self.memory

    def printed(self) -> dict[str, tuple[str, str]]:
        return {m.reference: (m.to, m.body) for m in self.memory.sent}


class AwsSide:
    def __init__(self, s3: S3Client, sqs: SQSClient) -> None:
        self.s3, self.sqs = s3, sqs
        s3.create_bucket(Bucket=BUCKET)
        self.url = sqs.create_queue(QueueName="letters")["QueueUrl"]
        self.messenger: Messenger = PrintedLetters(S3Documents(s3, BUCKET), sqs, self.url)

    def asked(self) -> list[dict[str, str]]:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def printed(self) -> dict[str, tuple[str, str]]:
        """Print as the vendor does: fetch, check the hash, one letter per reference."""
        letters = {}
        for asked in self.asked():
            key = f"{asked['tenant']}/{asked['sha256']}"
            content = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            assert sha256(content).hexdigest() == asked["sha256"]
            letter = json.loads(content)
            assert letter["reference"] == asked["reference"]
            letters[asked["reference"]] = ("\n".join(letter["to"]), letter["body"])
        return letters


@pytest.fixture
def aws_side(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSide]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield AwsSide(
            boto3.client("s3", region_name="us-east-1"),
            boto3.client("sqs", region_name="us-east-1"),
        )


@pytest.fixture(params=["memory", "aws"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: AwsSide = request.getfixturevalue("aws_side")
    return side


def test_a_letter_is_printed_to_its_address(side: Side) -> None:
    assert side.messenger.send(a_letter()) == 1

    assert side.printed() == {"r1-c1": (ADDRESS, BODY)}


def test_asking_twice_prints_one_letter(side: Side) -> None:
    side.messenger.send(a_letter())
    side.messenger.send(a_letter())
    side.messenger.send(a_letter(reference="r1-c2"))

    assert side.printed() == {"r1-c1": (ADDRESS, BODY), "r1-c2": (ADDRESS, BODY)}


def test_a_letter_without_address_is_final(side: Side) -> None:
    with pytest.raises(Permanent):
        side.messenger.send(a_letter(to=" "))

    assert side.printed() == {}


def test_the_queue_holds_ids_and_nothing_else(aws_side: AwsSide) -> None:
    aws_side.messenger.send(a_letter())

    (asked,) = aws_side.asked()
    assert asked == {
        "tenant": "lakeside",
        "referral_id": "r1",
        "reference": "r1-c1",
        "sha256": sha256(letter(a_letter())).hexdigest(),
    }


def test_the_vendor_reads_all_that_a_letter_needs() -> None:
    assert json.loads(letter(a_letter())) == {
        "reference": "r1-c1",
        "to": ["Pat Rivera", "12 Lake Street", "Worcester MA 01609"],
        "language": "es",
        "subject": "Por favor llámenos",
        "body": BODY,
    }


def test_a_letter_that_cannot_be_stored_is_not_asked_for(aws_side: AwsSide) -> None:
    gone = S3Documents(aws_side.s3, "gone")

    with pytest.raises(Retryable):
        PrintedLetters(gone, aws_side.sqs, aws_side.url).send(a_letter())

    assert aws_side.asked() == []


def test_a_queue_that_is_not_there_is_final_and_says_nothing_of_the_patient(
    aws_side: AwsSide,
) -> None:
    gone = PrintedLetters(MemoryDocuments(), aws_side.sqs, f"{aws_side.url}-gone")

    with pytest.raises(Permanent) as caught:
        gone.send(a_letter())

    assert "Rivera" not in str(caught.value)


def test_a_queue_that_does_not_answer_is_worth_a_retry_since_repeats_are_harmless() -> None:
    sqs = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )

    with pytest.raises(Retryable):
        PrintedLetters(MemoryDocuments(), sqs, "http://127.0.0.1:9/letters").send(a_letter())


def test_an_answer_of_the_queue_that_says_nothing_is_worth_a_retry(
    aws_side: AwsSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_side.sqs, "send_message", lambda **_: {})

    with pytest.raises(Retryable):
        aws_side.messenger.send(a_letter())


def test_nothing_else_is_printed(aws_side: AwsSide) -> None:
    with pytest.raises(Permanent):
        aws_side.messenger.send(a_message())

    assert aws_side.asked() == []
