"""Every alarm of the template fires by the fault that it is for, and by nothing else.

What our functions measure is what they print under the fault; what AWS measures itself is the
service's own count of it. Both are judged as CloudWatch would, by the alarm in the template.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import boto3
import pytest
import urllib3
from moto import mock_aws

from infra.alarms import PARTNERS
from infra.functions import OTHERS, STEPS
from infra.lake_delivery import STREAM
from infra.service_alarms import title
from infra.triggers import STREAM_FILTERS
from local.alarms import state_of
from local.metrics import metrics_in
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.items import event_item
from referral_core.adapters.aws.dynamodb.schema import INDEXES
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.pauses import MemoryPauses
from referral_core.adapters.memory.queue_gauges import MemoryQueueGauges
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.change import change
from referral_core.domain.errors import Conflict, Permanent, Retryable
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.money.cost_ledger import Cost
from referral_core.domain.referral import WorkItem
from referral_core.domain.routing.demand import OpenMarket
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.metrics import record
from referral_core.entrypoints.price_publication import PublishPrices
from referral_core.entrypoints.queues import MeasureQueues
from referral_core.entrypoints.step import StepEntry
from referral_core.entrypoints.stream import DeadLetters, consume
from referral_core.entrypoints.watchdog import Watchdog
from referral_core.observability import NAMESPACE
from referral_core.pathways import pathway
from referral_core.wiring.parts.partners import observer
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

Resources = Mapping[str, Mapping[str, Any]]
TO_THE_LAKE: Final = {"DeliveryStreamName": STREAM}
COSTS: Final = Cost(Decimal(30), {}, {"staff": Decimal(30)})


class Point(NamedTuple):
    """One value of a metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    value: float


def aws(namespace: str, name: str, value: float, **dimension: str) -> Point:
    """What a service of AWS counts itself."""
    return Point(f"AWS/{namespace}", name, frozenset(dimension.items()), value)


# --- the faults --------------------------------------------------------------------------------


def poison_record() -> Iterator[Point]:
    """A stream record that no consumer can read ends in the dead-letter queue."""
    with mock_aws():
        sqs = boto3.client("sqs", "us-east-1")
        url = sqs.create_queue(QueueName="dead")["QueueUrl"]
        keys = {"pk": {"S": "T#t#R#r"}, "sk": {"S": "EVENT#000001"}}
        poison = {"dynamodb": {"Keys": keys, "NewImage": {**keys, "body": {"S": "{"}}}}
        dead = DeadLetters(lambda: sqs, url, "record_metrics")
        consume({"Records": [poison]}, "EVENT#", lambda _, new: record(None, new, no_cost), dead)
        yield from visible(sqs, url, "MessagingStreamDlq")


def never_finished(queue: str) -> Callable[[], Iterator[Point]]:
    """A message that its consumer never finishes is moved away after so many tries."""

    def fault() -> Iterator[Point]:
        with mock_aws():
            sqs = boto3.client("sqs", "us-east-1")
            dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
            asked = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
            policy = {"deadLetterTargetArn": asked["Attributes"]["QueueArn"], "maxReceiveCount": 2}
            url = sqs.create_queue(
                QueueName="work",
                Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"},
            )["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody="{}")
            for _ in range(3):
                sqs.receive_message(QueueUrl=url)
            yield from visible(sqs, dead, queue)

    return fault


def visible(sqs: Any, url: str, queue: str) -> Iterator[Point]:
    name = "ApproximateNumberOfMessages"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    yield aws("SQS", f"{name}Visible", int(found["Attributes"][name]), QueueName=queue)


def counted(
    namespace: str, name: str, value: float = 1, **dimension: str
) -> Callable[[Any], Iterator[Point]]:
    """What a service of AWS counts once something of it is refused, late or lost."""
    return lambda _: iter([aws(namespace, name, value, **dimension)])


def silent() -> Iterator[Point]:
    """Nothing runs, so nothing is measured."""
    yield from ()


def untended(process: Callable[..., str], ticks: int = 1) -> Callable[[], None]:
    """A referral has been due for twenty minutes, or for as many hours more."""

    def fault() -> None:
        referrals, clock = MemoryReferrals(), ManualClock(NOW + timedelta(minutes=25))
        referrals.accept([a_new_referral(a_referral())])
        watchdog = Watchdog(process, referrals, clock, lambda *_: None)
        for _ in range(ticks):
            watchdog.tick()
            clock.move(timedelta(hours=1))

    return fault


def overtaken(*_: object) -> str:
    """Others write to it all the time: the watchdog does not get to it."""
    raise Conflict


def unprocessable(*_: object) -> str:
    """It cannot be processed, and rests."""
    raise ValueError


def count_queues(referrals: MemoryReferrals) -> None:
    pauses = MemoryPauses(MemoryDirectory(referrals, []))
    MeasureQueues(MemoryQueueGauges(referrals, [TENANT]), ManualClock(NOW), pauses).measure()


def overdue_work() -> None:
    """Nobody has decided a work item for three days."""
    item = WorkItem(
        reason=Reason.NOT_ELIGIBLE,
        opened_at=NOW,
        resume_at="RouteReferral",
        actions=("retry",),
        due_at=NOW - timedelta(days=3),
    )
    referrals = MemoryReferrals()
    referrals.accept([a_new_referral(a_referral(work_item=item))])
    count_queues(referrals)


def broken_step() -> None:
    """A waiting step fails."""
    entry = {"tenant": "t", "referral_id": "r", "run": 1, "step": "RouteReferral", "token": "t"}
    StepEntry(None, MemoryWorkflow()).handle(entry)  # type: ignore[arg-type] # no engine: a fault


def item_opened(reason: Reason) -> Callable[[], None]:
    """A work item is opened."""

    def fault() -> None:
        made = change(
            a_referral(),
            EventKind.WORK_ITEM_OPENED,
            at=NOW,
            actor="t",
            status_reason="w",
            due_at=NOW,
            facts=WorkItemFacts(reason=reason),
        )
        record(None, plain(event_item(made.event)), no_cost)

    return fault


class UnreadMarkets:
    """A table that gives no market's demand."""

    def open_markets(self) -> Iterator[OpenMarket]:
        yield OpenMarket(tenant=TENANT, specialty="207RC0000X", accepts=("207RC0000X",))

    def published(self, *_: object) -> None:
        """Nothing was published yet."""

    def demands(self, *_: object) -> None:
        raise Retryable

    def publish(self, *_: object) -> None:
        raise AssertionError("nothing was read")


def unpublished_market() -> None:
    """The prices of a market cannot be published."""
    directory = MemoryDirectory(MemoryReferrals(), [])
    PublishPrices(UnreadMarkets(), directory, pathway, ManualClock(NOW)).tick()  # type: ignore[arg-type]


def dear_referral() -> None:
    """A referral closes that cost thirty dollars."""
    closed = change(
        a_referral(),
        EventKind.CLOSED,
        at=NOW,
        actor="t",
        status_reason="w",
        due_at=NOW,
        status=Status.CLOSED,
        outcome=Outcome.SUPERSEDED,
    )
    record(None, plain(event_item(closed.event)), lambda *_: COSTS)


def no_cost(_tenant: str, _referral_id: str) -> Cost:
    raise AssertionError("nothing is closed")


class Pool(urllib3.PoolManager):
    """A partner that is dead, or knows another token."""

    def __init__(self, status: int | None) -> None:
        super().__init__()
        self.answers = status

    def request(self, *_: Any, **__: Any) -> Any:
        if self.answers is None:
            raise urllib3.exceptions.ProtocolError("gone")
        return urllib3.HTTPResponse(b"", status=self.answers, preload_content=False)


def bad_partner(partner: str, status: int | None) -> Callable[[], None]:
    """A partner is asked as often as a step tries."""

    def fault() -> None:
        client = HttpClient(lambda _: "token", Pool(status), observe=observer(partner))
        for _ in range(4):
            with pytest.raises((Retryable, Permanent)):
                client.send(
                    "POST", "https://c.example", secret="s", body=b"", content_type="a/b", timeout=1
                )

    return fault


def measured(service: str, fault: Callable[[], None]) -> Callable[[Any], Iterator[Point]]:
    """What a function prints while a fault is done to it."""

    def points(capsys: pytest.CaptureFixture[str]) -> Iterator[Point]:
        os.environ["POWERTOOLS_SERVICE_NAME"] = service
        fault()
        for line in capsys.readouterr().out.splitlines():
            for namespace, datum in metrics_in(line):
                named = frozenset((d["Name"], d["Value"]) for d in datum["Dimensions"])
                for value in datum["Values"]:
                    yield Point(namespace, datum["MetricName"], named, value)

    return points


FAULTS: Final[Mapping[str, Callable[[Any], Iterator[Point]]]] = {
    "StreamDlqNotEmpty": lambda _: poison_record(),
    **{
        f"{name}NotEmpty": (lambda _, name=name: never_finished(f"Messaging{name}")())
        for name in ("NoticesDlq", "RepliesDlq", "LettersDlq", "WaitlistDlq", "UndeliveredDlq")
    },
    "LettersNotPrinted": lambda _: iter(
        [aws("SQS", "ApproximateAgeOfOldestMessage", 90_000, QueueName="MessagingLetters")]
    ),
    **{
        f"Executions{how}": (
            lambda _, how=how: iter(
                [aws("States", f"Executions{how}", 1, StateMachineArn="LifecycleReferralLifecycle")]
            )
        )
        for how in ("Failed", "TimedOut", "Aborted")
    },
    "ExecutionsThrottled": counted(
        "States", "ExecutionThrottled", StateMachineArn="LifecycleReferralLifecycle"
    ),
    "OpenExecutions": counted("States", "OpenExecutionCount", 950_000),
    "ApiFaults": counted("ApiGateway", "5xx", ApiId="ApiHttpApi"),
    "ApiRefusals": counted("ApiGateway", "4xx", 1000, ApiId="ApiHttpApi"),
    "WaitlistBehind": counted(
        "SQS", "ApproximateAgeOfOldestMessage", 3601, QueueName="MessagingWaitlist"
    ),
    "NoticesBehind": counted(
        "SQS", "ApproximateNumberOfMessagesVisible", 1000, QueueName="MessagingNotices"
    ),
    "RepliesLost": counted(
        "SNS", "NumberOfNotificationsFailedToRedriveToDlq", TopicName="MessagingReplies"
    ),
    **{
        f"{title(name)}NotSetAside": counted(
            "Lambda", "DestinationDeliveryFailures", FunctionName=f"Functions{title(name)}"
        )
        for name in (*STREAM_FILTERS, "receive_reply")
    },
    **{
        f"{table}{way}sThrottled": counted(
            "DynamoDB", f"{way}ThrottleEvents", TableName=f"{table}Table"
        )
        for table in ("Record", "Audit", "RequestCounts")
        for way in ("Read", "Write")
    },
    **{
        f"{title(index.name)}Throttled": counted(
            "DynamoDB",
            "WriteThrottleEvents",
            TableName="RecordTable",
            GlobalSecondaryIndexName=index.name,
        )
        for index in INDEXES
    },
    "LakeBehind": counted("Firehose", "DeliveryToS3.DataFreshness", 3600, **TO_THE_LAKE),
    "LakeNotConverted": counted("Firehose", "FailedConversion.Records", **TO_THE_LAKE),
    "LakeThrottled": counted("Firehose", "ThrottledRecords", **TO_THE_LAKE),
    "LakeKeyRefused": counted("Firehose", "KMSKeyAccessDenied", **TO_THE_LAKE),
    "EmailBounces": counted("SES", "Reputation.BounceRate", 0.06),
    "EmailComplaints": counted("SES", "Reputation.ComplaintRate", 0.001),
    **{
        f"{title(spec.name)}{metric}": (
            lambda _, spec=spec, metric=metric: iter(
                [aws("Lambda", metric, 1, FunctionName=f"Functions{spec.construct_id}")]
            )
        )
        for spec in (*STEPS, *OTHERS)
        for metric in ("Errors", "Throttles")
    },
    **{
        f"{title(spec.name)}Failed": measured(spec.name, broken_step)
        for spec in STEPS
        if spec.completes
    },
    "FaultWorkItems": measured("record_metrics", item_opened(Reason.FAULT)),
    "WatchdogSilent": lambda _: silent(),
    "OldestDue": measured("fire_timers", untended(overtaken)),
    "DueFailed": measured("fire_timers", untended(unprocessable)),
    "ReferralStands": measured("fire_timers", untended(unprocessable, ticks=6)),
    **{
        f"{title(name)}Behind": (
            lambda _, name=name: iter(
                [aws("Lambda", "IteratorAge", 16 * 60_000, FunctionName=f"Functions{title(name)}")]
            )
        )
        for name in ("publish_outbox", "record_metrics", "export_events")
    },
    "WorkOverdue": measured("measure_queues", overdue_work),
    "QueuesNotMeasured": lambda _: silent(),
    "AuthorizationClockBreached": measured(
        "record_metrics", item_opened(Reason.AUTHORIZATION_OVERDUE)
    ),
    **{
        f"{partner.capitalize()}{result}": measured("offer_referral", bad_partner(partner, status))
        for partner in PARTNERS
        for result, status in (("Unavailable", None), ("Misconfigured", 401))
    },
    "PricesNotPublished": lambda _: silent(),
    "MarketsNotPublished": measured("publish_prices", unpublished_market),
    "CostPerReferral": measured("record_metrics", dear_referral),
}
"""Alarm → the fault that it is for."""
ALONG: Final = {"ReferralStands": {"DueFailed"}}
"""What fires before an alarm, and goes on."""
WHEN_MISSING: Final = {"WatchdogSilent", "QueuesNotMeasured", "PricesNotPublished"}


# --- the judge ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alarms(template: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Given the template's alarms by name."""
    return {
        logical.removeprefix("Alarms")[:-8]: resource["Properties"]
        for logical, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "POWERTOOLS_SERVICE_NAME"):
        monkeypatch.setenv(name, "testing")


def fires(alarm: Mapping[str, Any], points: list[Point], template: Mapping[str, Any]) -> bool:
    """Whether an alarm fires by what was measured in one of its periods."""
    wanted = {d["Name"]: _logical(d["Value"]) for d in alarm.get("Dimensions", [])}
    values = [
        p.value
        for p in points
        if (p.namespace, p.name) == (alarm["Namespace"], alarm["MetricName"])
        and dict(p.dimensions) == wanted
    ]
    threshold = alarm["Threshold"]
    if isinstance(threshold, Mapping):
        threshold = float(template["Parameters"][threshold["Ref"]]["Default"])
    value = {
        "Sum": sum,
        "Maximum": max,
        "Average": statistics.fmean,
        "SampleCount": len,
    }[alarm["Statistic"]]
    one_period = [value(values) if values else None]
    return state_of({**alarm, "Threshold": threshold}, one_period) == "ALARM"


def _logical(value: Any) -> str:
    """The id of what a dimension names, without the hash at its end."""
    if isinstance(value, str):
        return value
    named: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return named[:-8]


def test_every_alarm_has_its_fault(alarms: Mapping[str, Any]) -> None:
    assert set(alarms) == set(FAULTS)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_an_alarm_fires_by_its_fault(
    name: str,
    alarms: Mapping[str, Mapping[str, Any]],
    template: Mapping[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    points = list(FAULTS[name](capsys))

    fired = {each for each, alarm in alarms.items() if fires(alarm, points, template)}

    assert name in fired
    assert fired <= {name} | WHEN_MISSING | ALONG.get(name, set())


def test_while_all_is_well_no_alarm_fires(
    alarms: Mapping[str, Mapping[str, Any]],
    template: Mapping[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def quiet() -> None:
        count_queues(MemoryReferrals())

    points = [
        *measured("measure_queues", quiet)(capsys),
        aws("Lambda", "Invocations", 5, FunctionName="FunctionsFireTimers"),
        aws("Lambda", "Invocations", 1, FunctionName="FunctionsPublishPrices"),
        aws("ApiGateway", "4xx", 40, ApiId="ApiHttpApi"),
        aws("SQS", "ApproximateNumberOfMessagesVisible", 900, QueueName="MessagingNotices"),
        aws("SQS", "ApproximateAgeOfOldestMessage", 300, QueueName="MessagingWaitlist"),
        aws("Firehose", "DeliveryToS3.DataFreshness", 120, **TO_THE_LAKE),
        aws("States", "OpenExecutionCount", 700_000),
        aws("SES", "Reputation.BounceRate", 0.02),
    ]

    assert {n for n, alarm in alarms.items() if fires(alarm, points, template)} == set()
    assert {NAMESPACE, "AWS/Lambda", "AWS/ApiGateway"} <= {p.namespace for p in points}
