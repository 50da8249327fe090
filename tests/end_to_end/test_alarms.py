"""Alarms fire on the stack by the fault that each is for, and whoever they wake is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest

from infra import STACK_NAME
from local.emulator import HOST
from local.seed import SECRET, TENANT, put
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.directory import config_items, contract_item
from referral_core.domain.directory import Practitioner
from referral_core.domain.money.price_book import Price, PriceBook
from referral_core.domain.npi import check_digit
from tests.end_to_end.callers import Caller
from tests.end_to_end.faults import limited_concurrency
from tests.end_to_end.orders import a_complete_order, a_new_placer
from tests.end_to_end.partner_scripts import scripted
from tests.end_to_end.records import Records
from tests.end_to_end.waiting import until
from tests.infra.test_alarms_fire import FAULTS

UROLOGY: Final = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "208800000X"}]}
"""What nobody else in the tenant's directory practises."""
_NINE_DIGITS: Final = "199997001"
NOBODYS: Final = "nobody-s-clinic"
DEAR: Final = Decimal(900_000)
LOGICAL: Final = re.compile(rf"{STACK_NAME}-Alarms(?P<name>\w+?)[0-9A-F]{{8}}(-.*)?")


# --- the faults --------------------------------------------------------------------------------


def dead_clinic(stack: Stack, ehr: Caller, url: str) -> None:
    """Refer to a clinic of which every request is answered with 503."""
    urologist = Practitioner(
        tenant=TENANT,
        npi=f"{_NINE_DIGITS}{check_digit(_NINE_DIGITS)}",
        name="Dr. Away",
        specialty="208800000X",
        organization=NOBODYS,
        networks=("*",),
        tier=1,
        latitude=42.3,
        longitude=-71.8,
        weekly_capacity=40,
        clinic_url=url,
        secret=SECRET,
    )
    for item in config_items(urologist):
        put(stack.emulator, stack.deployment, item)
    ehr.refer(a_complete_order(a_new_placer(), performerType=UROLOGY, code=None)).accepted()


@contextmanager
def answering_503() -> Iterator[str]:
    """Serve an address at which nobody is able to do anything."""

    class Away(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST  # noqa: N815 - http.server's own names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Away) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_address[1]}/clinic"
        server.shutdown()


def payer_never_decides(ehr: Caller) -> None:
    """Let a request pend until the payer's clock is over.

    Not an urgent one: on a slow machine its time would be up before the payer was asked.
    """
    ehr.refer(a_complete_order(scripted("payer-thinks", 1))).accepted()


@contextmanager
def dear(stack: Stack, ehr: Caller) -> Iterator[None]:
    """Let a contract have the price of a payer's transaction wrong, and close a referral by it."""
    prices = {"payer_transactions": Price(usd=DEAR, source="Typed in with the comma elsewhere.")}
    today = stack.now().date()
    wrong = PriceBook(version="wrong", read_on=today, valid_from=today, prices=prices)
    item = contract_item(TENANT, wrong)
    put(stack.emulator, stack.deployment, item)
    try:
        ehr.refer(a_complete_order(scripted("brisk", 21))).accepted()
        yield
    finally:
        key = {name: item[name] for name in ("pk", "sk")}
        table = stack.deployment["TableName"]
        stack.emulator.client("dynamodb").delete_item(TableName=table, Key=key)


@contextmanager
def poison(stack: Stack, records: Records) -> Iterator[None]:
    """Put what no consumer of the stream can read."""
    key = {"pk": {"S": f"T#{TENANT}#R#unreadable"}, "sk": {"S": "EVENT#000001"}}
    table, dynamodb = stack.deployment["TableName"], records.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={**key, "body": {"S": "{"}})
    try:
        yield
    finally:
        dynamodb.delete_item(TableName=table, Key=key)
        records.client("sqs").purge_queue(QueueUrl=stack.deployment["StreamDlqUrl"])


@contextmanager
def silent_watchdog(stack: Stack) -> Iterator[None]:
    """Switch the watchdog's schedule off, and let nobody else run it."""
    events = stack.emulator.client("events")
    rules = events.list_rules()["Rules"]
    (minute,) = (r["Name"] for r in rules if r.get("ScheduleExpression") == "rate(1 minute)")
    events.disable_rule(Name=minute)
    try:
        with limited_concurrency(stack, "fire_timers", 0):
            yield
    finally:
        events.enable_rule(Name=minute)


# --- whom they wake ----------------------------------------------------------------------------


class Pager:
    """Whoever is subscribed to the alarms' topic: what came, by the alarm's name."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.emulator.client("sqs")
        self._url = self._sqs.create_queue(QueueName="pager")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        queue = asked["Attributes"]["QueueArn"]
        (topic,) = {action for alarm in deployed(stack) for action in alarm["AlarmActions"]}
        let_in = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        sns = stack.emulator.client("sns")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        self._came: dict[str, dict[str, Any]] = {}

    def woken_by(self, name: str) -> dict[str, Any]:
        """Wait for an alarm; return its message."""

        def look() -> dict[str, Any] | None:
            found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            for message in found.get("Messages", ()):
                told = json.loads(json.loads(message["Body"])["Message"])
                self._came[name_of(told)] = told
                handle = message["ReceiptHandle"]
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
            return self._came.get(name)

        return until(look, f"the alarm {name}; there came {sorted(self._came)}")


def deployed(stack: Stack) -> list[dict[str, Any]]:
    pages = stack.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return [alarm for page in pages for alarm in page["MetricAlarms"]]


def name_of(alarm: Mapping[str, Any]) -> str:
    """Return an alarm's name in the template: CloudFormation adds to it, and the CDK a hash."""
    return LOGICAL.fullmatch(alarm["AlarmName"])["name"]


@pytest.fixture(scope="session")
def pager(stack: Stack) -> Pager:
    return Pager(stack)


@pytest.fixture(scope="session")
def struck(stack: Stack, ehr: Caller, pager: Pager) -> Iterator[Pager]:
    """Do what takes a while to be noticed."""
    with answering_503() as url, dear(stack, ehr):
        dead_clinic(stack, ehr, url)
        payer_never_decides(ehr)
        yield pager


# --- the alarms --------------------------------------------------------------------------------


@pytest.mark.usefixtures("struck")
def test_every_alarm_wakes_the_same_people(stack: Stack) -> None:
    told = {name_of(alarm): alarm["AlarmActions"] for alarm in deployed(stack)}
    assert told.keys() == FAULTS.keys()
    assert len({tuple(actions) for actions in told.values()}) == 1


@pytest.mark.waits
@pytest.mark.parametrize(
    "name", ["ClinicUnavailable", "CostPerReferral", "AuthorizationClockBreached"]
)
def test_an_alarm_fires_by_its_fault(name: str, struck: Pager) -> None:
    assert struck.woken_by(name)["NewStateValue"] == "ALARM"


@pytest.mark.waits
def test_a_poison_record_wakes_somebody(stack: Stack, records: Records, pager: Pager) -> None:
    with poison(stack, records):
        assert pager.woken_by("StreamDlqNotEmpty")["NewStateValue"] == "ALARM"


@pytest.mark.waits
def test_a_silent_watchdog_wakes_somebody_until_it_ticks_again(stack: Stack, pager: Pager) -> None:
    with silent_watchdog(stack):
        assert "nothing" in pager.woken_by("WatchdogSilent")["NewStateReason"]

    def is_well() -> bool:
        (alarm,) = (a for a in deployed(stack) if name_of(a) == "WatchdogSilent")
        return bool(alarm["StateValue"] == "OK")

    assert until(is_well, "the watchdog's alarm to be over")
