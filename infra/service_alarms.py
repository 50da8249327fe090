"""What AWS itself counts when it refuses, loses or delays: each such count is an alarm.

What has none, and why, stands in docs/runbook.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn

from infra.lake_delivery import STREAM
from infra.messaging import Messaging
from infra.triggers import STREAM_FILTERS
from referral_core.adapters.aws.dynamodb.schema import INDEXES

_FIVE_MINUTES: Final = Duration.minutes(5)
_DAY: Final = Duration.days(1)
_QUARTER: Final = Duration.minutes(15)
_HOUR: Final = Duration.hours(1)
_REFUSED: Final = 1000
"""Requests that the API refuses in five minutes before somebody looks who sends them: a client that
has lost its token, or one that guesses."""
_BACKLOG: Final = 1000
"""Notices that nobody has taken up yet: what is tried again later is not among them."""
_OPEN: Final = 900_000
"""Executions open at once, of the million that an account may have unless it asks for more."""
_REPUTATION: Final = {"Bounce": 0.05, "Complaint": 0.001}
"""The shares of emails at which SES reviews an account, before it stops it."""


@dataclass(frozen=True)
class AlarmSpec:
    """One alarm: what is watched, from where on it wakes somebody, and where the runbook says so.

    Attributes:
        anchor: the runbook's part about it.
        threshold: reached or exceeded within one period of the metric; below, where `below`.
        silent: whether nothing measured is an alarm too.
    """

    name: str
    metric: cloudwatch.IMetric
    anchor: str
    threshold: float = 1
    below: bool = False
    silent: bool = False


@dataclass(frozen=True)
class Watched:
    """What the alarms watch.

    Attributes:
        tables: every table by what it is, the record first.
    """

    functions: Mapping[str, lambda_.Function]
    machine: sfn.StateMachine
    messaging: Messaging
    tables: Mapping[str, dynamodb.Table]
    api_id: str


def title(name: str) -> str:
    """Return a function's name as alarms have it."""
    return "".join(part.capitalize() for part in name.split("_"))


def service_alarms(watched: Watched) -> Iterator[AlarmSpec]:
    """Yield the alarms on what the services count themselves."""
    yield from _api(watched.api_id)
    yield from _executions(watched.machine)
    yield from _queues(watched.messaging)
    yield from _functions(watched.functions)
    yield from _tables(watched.tables)
    yield from _lake()
    yield from _email()


def _api(api_id: str) -> Iterator[AlarmSpec]:
    """Watch what callers are told: a 5xx of ours, of the authorizer's or of the gateway's own."""
    for name, metric, threshold in (("ApiFaults", "5xx", 1), ("ApiRefusals", "4xx", _REFUSED)):
        counted = _counted("ApiGateway", metric, ApiId=api_id)
        yield AlarmSpec(name, counted, name.lower(), threshold)


def _executions(machine: sfn.StateMachine) -> Iterator[AlarmSpec]:
    for name, metric in {
        "ExecutionsFailed": machine.metric_failed(period=_FIVE_MINUTES),
        "ExecutionsTimedOut": machine.metric_timed_out(period=_FIVE_MINUTES),
        "ExecutionsAborted": machine.metric_aborted(period=_FIVE_MINUTES),
    }.items():
        yield AlarmSpec(name, metric, "executions")
    throttled = machine.metric_throttled(period=_FIVE_MINUTES)
    yield AlarmSpec("ExecutionsThrottled", throttled, "executionsthrottled")
    open_now = _counted("States", "OpenExecutionCount", "Maximum")
    yield AlarmSpec("OpenExecutions", open_now, "executionsthrottled", _OPEN)


def _queues(messaging: Messaging) -> Iterator[AlarmSpec]:
    """Watch what was set aside, what nobody takes, and what could not even be set aside."""
    for called, queue in messaging.dead_letters.items():
        metric, name = queue.metric_approximate_number_of_messages_visible(), f"{called}NotEmpty"
        yield AlarmSpec(name, metric, name.lower())
    for name, queue, most in (
        ("LettersNotPrinted", messaging.letters, _DAY),
        ("WaitlistBehind", messaging.waitlist, _HOUR),
    ):
        age = queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES)
        yield AlarmSpec(name, age, name.lower(), most.to_seconds())
    waiting = messaging.notices.metric_approximate_number_of_messages_visible()
    yield AlarmSpec("NoticesBehind", waiting, "noticesbehind", _BACKLOG)
    lost = messaging.replies.metric(
        "NumberOfNotificationsFailedToRedriveToDlq", statistic="Sum", period=_FIVE_MINUTES
    )
    yield AlarmSpec("RepliesLost", lost, "notsetaside")


def _functions(functions: Mapping[str, lambda_.Function]) -> Iterator[AlarmSpec]:
    for name, function in functions.items():
        errors = function.metric_errors(period=_FIVE_MINUTES)
        yield AlarmSpec(f"{title(name)}Errors", errors, "function-errors")
        throttles = function.metric_throttles(period=_FIVE_MINUTES)
        yield AlarmSpec(f"{title(name)}Throttles", throttles, "function-throttles")
    for name in STREAM_FILTERS:
        # A record that waits is a start, a notice or a row that waits.
        age = functions[name].metric("IteratorAge", statistic="Maximum", period=_FIVE_MINUTES)
        yield AlarmSpec(f"{title(name)}Behind", age, "streambehind", _QUARTER.to_milliseconds())
    for name in (*STREAM_FILTERS, "receive_reply"):
        lost = functions[name].metric(
            "DestinationDeliveryFailures", statistic="Sum", period=_FIVE_MINUTES
        )
        yield AlarmSpec(f"{title(name)}NotSetAside", lost, "notsetaside")


def _tables(tables: Mapping[str, dynamodb.Table]) -> Iterator[AlarmSpec]:
    """Watch tables and indexes that refuse more: an index that does holds up the table's writes."""
    for name, table in tables.items():
        for way in ("Read", "Write"):
            counted = _counted("DynamoDB", f"{way}ThrottleEvents", TableName=table.table_name)
            yield AlarmSpec(f"{name}{way}sThrottled", counted, "tablesthrottled")
    record = next(iter(tables.values()))
    for index in INDEXES:
        counted = _counted(
            "DynamoDB",
            "WriteThrottleEvents",
            TableName=record.table_name,
            GlobalSecondaryIndexName=index.name,
        )
        yield AlarmSpec(f"{title(index.name)}Throttled", counted, "tablesthrottled")


def _lake() -> Iterator[AlarmSpec]:
    """Watch the rows on their way to the lake: late, unreadable, or under a key that is refused."""
    stream = {"DeliveryStreamName": STREAM}
    late = _counted("Firehose", "DeliveryToS3.DataFreshness", "Maximum", **stream)
    yield AlarmSpec("LakeBehind", late, "lake", _HOUR.to_seconds())
    for name, metric in {
        "LakeNotConverted": "FailedConversion.Records",
        "LakeThrottled": "ThrottledRecords",
        "LakeKeyRefused": "KMSKeyAccessDenied",
    }.items():
        yield AlarmSpec(name, _counted("Firehose", metric, **stream), "lake")


def _email() -> Iterator[AlarmSpec]:
    """Watch the account's standing with SES: it is stopped for bounces without an error before."""
    for what, most in _REPUTATION.items():
        share = _counted("SES", f"Reputation.{what}Rate", "Maximum")
        yield AlarmSpec(f"Email{what}s", share, "email", most)


def _counted(
    service: str, name: str, statistic: str = "Sum", **dimensions: str
) -> cloudwatch.Metric:
    """Return a metric that a service of AWS counts itself."""
    return cloudwatch.Metric(
        namespace=f"AWS/{service}",
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_FIVE_MINUTES,
    )
