"""What the process uses is carried by the events it writes, and the rest is said as overhead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from referral_core.adapters.aws.dynamodb.table import Requests
from referral_core.adapters.aws.dynamodb.transactions import EVENT, parts_of_new
from referral_core.adapters.aws.metered_calls import count_calls, used_by
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.metering import LAMBDA_MS, METER, Meter, metered
from tests.unit.builders import a_new_referral, a_referral

A_MS = 1_000_000


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ns = 10**12

    def __call__(self) -> int:
        return self.ns

    def moves(self, ms: float) -> None:
        self.ns += int(ms * A_MS)


def at_work(hand: Hand, event: Mapping[str, Any] | None = None) -> Meter:
    """Return a meter in its second invocation: the start of the process is counted already."""
    meter = Meter(hand)
    meter.begin({})
    meter.end()
    meter.begin(event or {})
    return meter


def test_an_event_takes_what_was_used_until_then_and_the_end_the_rest() -> None:
    hand = Hand()
    meter = at_work(hand)
    meter.add("read_units", 2)
    hand.moves(30.4)
    first = meter.so_far()
    assert first == {"lambda_requests": 1, "read_units": 2, LAMBDA_MS: 30}
    meter.settle(first)
    hand.moves(10.2)
    meter.add("queue_operations")
    assert meter.end() == {"queue_operations": 1, LAMBDA_MS: 11}


def test_what_could_not_be_written_is_carried_by_the_next_try() -> None:
    hand = Hand()
    meter = at_work(hand)
    hand.moves(5)
    assert meter.so_far()[LAMBDA_MS] == 5
    hand.moves(5)
    assert meter.so_far() == {"lambda_requests": 1, LAMBDA_MS: 10}


def test_halves_are_handed_out_once_they_are_whole() -> None:
    meter = at_work(Hand())
    taken = []
    for _ in range(4):
        meter.add("read_units", 0.5)
        so_far = meter.so_far()
        taken.append(so_far.get("read_units", 0))
        meter.settle(so_far)
    assert taken == [0, 1, 0, 1]


def test_the_first_invocation_pays_for_the_start_of_its_process() -> None:
    meter = Meter(Hand())
    meter.begin({})
    assert meter.so_far()[LAMBDA_MS] > 0


def test_a_function_of_more_memory_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
    hand = Hand()
    meter = at_work(hand)
    hand.moves(10)
    taken = meter.so_far()
    assert taken[LAMBDA_MS] == 20
    meter.settle(taken)
    assert LAMBDA_MS not in meter.so_far()


@pytest.mark.parametrize(
    ("event", "unit", "count"),
    [
        ({"rawPath": "/fhir/ServiceRequest"}, "api_requests", 1),
        ({"rawPath": "/fhir/ServiceRequest", "identitySource": ["Bearer …"]}, "api_requests", 0),
        ({"Records": [{"eventSource": "aws:sqs"}]}, "queue_operations", 2),
    ],
)
def test_who_calls_a_function_is_billed_too(
    event: Mapping[str, Any], unit: str, count: int
) -> None:
    assert at_work(Hand(), event).so_far().get(unit, 0) == count


def test_nothing_is_metered_outside_an_invocation() -> None:
    meter = Meter(Hand())
    meter.add("read_units", 3)
    assert meter.so_far() == {}


@pytest.mark.parametrize("fails", [True, False])
def test_what_no_event_carries_is_a_line_of_overhead(
    capsys: pytest.CaptureFixture[str], *, fails: bool
) -> None:
    @metered
    def handler(_event: Any, _context: Any) -> str:
        METER.add("read_units", 4)
        if fails:
            raise RuntimeError
        return "done"

    if fails:
        with pytest.raises(RuntimeError):
            handler({}, None)
    else:
        assert handler({}, None) == "done"
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["Overhead.read_units"] == [4.0]
    assert said["Overhead.lambda_requests"] == [1.0]
    assert said["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]], "a series a unit, no more"


def test_what_was_used_stands_in_the_referrals_event() -> None:
    new = a_new_referral(a_referral())
    parts = parts_of_new(Requests("t"), new, {"lambda_ms": 12, "read_units": 3})
    (event,) = (p.request["Put"]["Item"] for p in parts if p.name == EVENT)
    counted = json.loads(event["body"]["S"])["metered"]
    assert (counted["lambda_ms"], counted["read_units"], counted["states"]) == (12, 3, 1)
    assert counted["stream_records"] == len([p for p in parts if p.is_written])


@pytest.mark.parametrize(
    ("service", "operation", "answer", "used"),
    [
        ("dynamodb", "GetItem", {"ConsumedCapacity": {"CapacityUnits": 1.5}}, {"read_units": 1.5}),
        (
            "dynamodb",
            "BatchGetItem",
            {"ConsumedCapacity": [{"CapacityUnits": 3.0}, {"CapacityUnits": 2.0}]},
            {"read_units": 5.0},
        ),
        ("dynamodb", "Query", {"Error": {"Code": "ThrottlingException"}}, {"read_units": 0}),
        (
            "dynamodb",
            "UpdateItem",
            {"ConsumedCapacity": {"CapacityUnits": 1.0}},
            {"single_write_units": 1.0},
        ),
        ("dynamodb", "TransactWriteItems", {}, {}),
        ("sqs", "SendMessage", {}, {"queue_operations": 1}),
        ("s3", "PutObject", {}, {"documents_stored": 1}),
        ("kms", "Sign", {}, {"other_calls": 1}),
    ],
)
def test_a_call_counts_as_its_service_bills_it(
    service: str, operation: str, answer: Mapping[str, Any], used: Mapping[str, float]
) -> None:
    found = used_by(service, operation, answer)
    assert found == used
    assert found.keys() <= UNITS.keys()


def test_every_client_of_a_session_is_counted_and_the_table_is_asked_what_it_bills() -> None:
    meter, session = at_work(Hand()), botocore.session.get_session()
    count_calls(session, meter)
    client = session.create_client(
        "dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    asked: list[Mapping[str, Any]] = []
    client.meta.events.register_last(
        "before-parameter-build", lambda params, **_: asked.append(dict(params))
    )
    with Stubber(client) as stub:
        stub.add_response("get_item", {"ConsumedCapacity": {"CapacityUnits": 2.0}})
        client.get_item(TableName="t", Key=key)
    assert asked == [{"TableName": "t", "Key": key, "ReturnConsumedCapacity": "TOTAL"}]
    assert meter.so_far()["read_units"] == 2
