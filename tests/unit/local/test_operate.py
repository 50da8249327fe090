"""What operations do by one command each: pause and resume, and give dead letters once more."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local import operate
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.aws.dynamodb.items import event_item
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.stream_letters import SqsStreamLetters
from referral_core.domain.ids import Tenant
from referral_core.entrypoints.stream import DeadLetters
from tests.unit.builders import TENANT, a_new_referral, a_referral
from tests.unit.payer_requests import a_payer

FAILS: dict[str, Any] = {"batchItemFailures": [{"itemIdentifier": "1"}]}


class Consumers:
    """Lambda: what it is invoked with, and what the consumer answers."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {"batchItemFailures": []}

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return {"Environment": {"Variables": {}}}

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.invoked.append((FunctionName, json.loads(Payload)["Records"][0]))
        return {"Payload": io.BytesIO(json.dumps(self.answers).encode())}


class Bench:
    """A table, the dead-letter queue, and the consumers."""

    def __init__(self) -> None:
        self.consumers = Consumers()
        self.sqs = boto3.client("sqs", "us-east-1")
        self.queue = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.dynamodb = boto3.client("dynamodb", "us-east-1")
        self.dynamodb.create_table(**create_table_request("referrals"))
        outputs = {
            "TableName": "referrals",
            "StreamDlqUrl": self.queue,
            "FireTimersName": "fire_timers",
        }
        self.cell = operate.DeployedStack(self.client, outputs, "stack")

    def client(self, service: str) -> Any:
        return {"lambda": self.consumers, "sqs": self.sqs, "dynamodb": self.dynamodb}[service]

    def dead_letter(self, sk: str) -> None:
        keys = {"pk": {"S": f"T#{TENANT}#R#r1"}, "sk": {"S": sk}}
        dead = DeadLetters(lambda: self.sqs, self.queue, "record_metrics")
        record = {"eventID": "1", "dynamodb": {"Keys": keys, "SequenceNumber": "7"}}
        assert dead.put(record, ValueError())

    def left(self) -> int:
        name = "ApproximateNumberOfMessages"
        names = [name, f"{name}NotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)  # type: ignore[arg-type]
        return sum(map(int, found["Attributes"].values()))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        made = Bench()
        monkeypatch.setattr(operate.DeployedStack, "named", lambda _: made.cell)
        yield made


def test_a_dead_letters_record_is_given_to_its_consumer_as_it_is_now(bench: Bench) -> None:
    event = a_new_referral(a_referral()).event
    bench.dynamodb.put_item(TableName="referrals", Item=event_item(event))
    bench.dead_letter("EVENT#000001")

    assert operate.main(["redrive"]) == 0

    ((name, record),) = bench.consumers.invoked
    assert name == "stack-record_metrics"
    assert record["dynamodb"]["NewImage"]["body"] == event_item(event)["body"]
    assert record["dynamodb"]["Keys"]["sk"] == {"S": "EVENT#000001"}
    assert bench.left() == 0


def test_what_still_cannot_be_used_stays(bench: Bench) -> None:
    bench.dynamodb.put_item(
        TableName="referrals", Item=event_item(a_new_referral(a_referral()).event)
    )
    bench.dead_letter("EVENT#000001")
    bench.consumers.answers = FAILS

    assert operate.main(["redrive"]) == 1

    assert bench.left() == 1


def test_what_names_no_record_stays_and_what_is_gone_needs_nothing(bench: Bench) -> None:
    bench.sqs.send_message(QueueUrl=bench.queue, MessageBody=json.dumps({"DDBStreamBatchInfo": {}}))
    bench.dead_letter("EVENT#000009")

    letters = SqsStreamLetters(bench.client, bench.queue, "referrals", "stack")
    assert letters.redrive(None) == (1, 1, False)

    assert bench.consumers.invoked == []
    assert bench.left() == 1


def test_what_is_paused_is_listed_until_it_is_resumed(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.dynamodb.put_item(TableName="referrals", Item=config_item(a_payer(id="acme")))
    asked = ["pause", "payer", "acme", "--reason", "their gateway is down", "--by", "olu"]

    assert operate.main(asked) == 0
    operate.main(["pauses"])
    assert "payer:acme: since" in capsys.readouterr().out
    assert [p.name for p in bench.cell.pauses.pauses(TENANT)] == ["payer:acme"]

    assert operate.main(["resume", "payer", "acme"]) == 0
    assert operate.main(["resume", "payer", "acme"]) == 1

    assert capsys.readouterr().out.splitlines() == ["Resumed.", "Not paused: see `pauses`."]
    assert list(bench.cell.pauses.pauses(TENANT)) == []


@pytest.mark.parametrize("scope", ["payer", "clinic", "channel", "tenant"])
def test_nobody_is_held_back_whom_nobody_knows(
    scope: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["pause", scope, "nobody", "--reason", "it is down", "--by", "olu"]
    assert operate.main(asked) == 1
    assert capsys.readouterr().out.startswith(f"There is no {scope} 'nobody'")
    assert list(bench.cell.pauses.pauses(TENANT)) == []


@pytest.mark.parametrize(("of", "reason"), [("two words", "it is down"), ("acme", "x")])
def test_a_pause_that_says_too_little_is_not_made(
    of: str, reason: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for known in ("acme", "two words"):
        payer = config_item(a_payer(id=known))
        bench.dynamodb.put_item(TableName="referrals", Item=payer)
    assert operate.main(["pause", "payer", of, "--reason", reason, "--by", "olu"]) == 1
    assert capsys.readouterr().out.startswith(("of:", "reason:"))
    assert list(bench.cell.pauses.pauses(TENANT)) == []


def test_another_tenants_letters_stay_where_they_are(bench: Bench) -> None:
    bench.dead_letter("EVENT#000001")
    letters = SqsStreamLetters(bench.client, bench.queue, "referrals", "stack")
    assert letters.redrive(Tenant("riverside")) == (0, 0, False)
    assert bench.left() == 1
    assert letters.redrive(None) == (1, 0, False), "whose it is finds it at once"


@pytest.mark.parametrize("act", [["pauses"], ["resume", "payer", "acme"]])
def test_a_deployed_stack_is_not_operated_on_without_saying_for_whom(
    act: list[str], bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        operate.main(["--stack", "production", *act])
    assert "--stack production --tenant NAME" in capsys.readouterr().err
    assert operate.main(["--stack", "production", "--tenant", "lakeside", *act]) == (
        "resume" in act  # of what is not paused
    )
