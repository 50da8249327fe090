"""What starts the functions behind the lifecycle: the stream, the minute, the queue, the topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.messaging import Messaging
from referral_core.adapters.aws.dynamodb.keys import DUE_SHARDS, PUBLISHED, Sort


def _pattern(kinds: Sequence[str], prefixes: Sequence[str]) -> Mapping[str, object]:
    keys = {"sk": {"S": [{"prefix": prefix} for prefix in prefixes]}}
    return {"eventName": list(kinds), "dynamodb": {"Keys": keys}}


STREAM_FILTERS: Final[Mapping[str, Sequence[Mapping[str, object]]]] = {
    "publish_outbox": (
        _pattern(("INSERT", "MODIFY"), PUBLISHED),
        # Whoever is booked with an entry that was deleted is looked at.
        _pattern(("REMOVE",), (Sort.PRACTITIONER.value,)),
    ),
    "export_events": (_pattern(("INSERT",), (Sort.EVENT.value,)),),
    "record_metrics": (_pattern(("INSERT",), (Sort.EVENT.value,)),),
}
"""What each consumer of the stream is invoked with; one machine's emulator ignores filters."""
_STREAM_RETRIES: Final = 10
"""Tries of what a consumer says is retryable; what it cannot use it dead-letters by itself."""
_NOTICES_AT_ONCE: Final = 50
"""Deliveries at work: bounded, so that a partner's outage leaves the account's other functions
their concurrency."""
_WAITLIST_AT_ONCE: Final = 10
"""More at once would only meet at who is first in line."""

_WATCHDOGS: Final = 4
"""Workers of the watchdog, each with its shards; a rule has at most five targets."""


class Triggers(Construct):
    """The triggers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[str, lambda_.Function],
        table: dynamodb.Table,
        messaging: Messaging,
    ) -> None:
        super().__init__(scope, construct_id)
        for name, patterns in STREAM_FILTERS.items():
            source = _stream(table, patterns, messaging, forever=name == "export_events")
            functions[name].add_event_source(source)
        functions["deliver_notices"].add_event_source(
            # One notice an invocation: no EHR waits for another one's timeout.
            sources.SqsEventSource(
                messaging.notices,
                batch_size=1,
                max_concurrency=_NOTICES_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
        functions["serve_waitlist"].add_event_source(
            sources.SqsEventSource(
                messaging.waitlist,
                batch_size=1,
                max_concurrency=_WAITLIST_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
        _hand_over_replies(functions["receive_reply"], messaging)
        undelivered = messaging.undelivered_dlq
        _publish_prices(self, functions["publish_prices"], undelivered)
        _measure_queues(self, functions["measure_queues"], undelivered)
        _fire_timers(self, functions["fire_timers"], undelivered)
        for name in ("fire_timers", "publish_prices", "measure_queues"):
            # Lambda's own retries of an event: the next tick does it all, and sooner.
            functions[name].configure_async_invoke(
                retry_attempts=0, max_event_age=Duration.minutes(1)
            )


def _fire_timers(scope: Construct, function: lambda_.Function, undelivered: sqs.IQueue) -> None:
    """Let the watchdog look each minute, a worker for each of its parts of the shards."""
    rule = events.Rule(
        scope,
        "EveryMinute",
        description="The watchdog looks for referrals that are due",
        schedule=events.Schedule.rate(Duration.minutes(1)),
    )
    for first in range(_WATCHDOGS):
        shards = list(range(first, DUE_SHARDS, _WATCHDOGS))
        rule.add_target(_tick(function, undelivered, {"shards": shards}))


def _tick(
    function: lambda_.IFunction, undelivered: sqs.IQueue, event: Mapping[str, object] | None = None
) -> targets.LambdaFunction:
    """Return a function as a schedule's target: a tick that is lost is followed by the next.

    One that EventBridge may not deliver at all is set aside, which says why.
    """
    given = events.RuleTargetInput.from_object(event) if event else None
    return targets.LambdaFunction(
        function, event=given, retry_attempts=0, dead_letter_queue=undelivered
    )


def _publish_prices(scope: Construct, function: lambda_.Function, undelivered: sqs.IQueue) -> None:
    """Publish the markets several times in the two hours that their prices are valid."""
    rule = events.Rule(
        scope,
        "EveryQuarterOfAnHour",
        description="The markets are published anew, with their prices",
        schedule=events.Schedule.rate(Duration.minutes(15)),
    )
    rule.add_target(_tick(function, undelivered))


def _measure_queues(scope: Construct, function: lambda_.Function, undelivered: sqs.IQueue) -> None:
    """Let the queues be measured often enough that no figure is older than five minutes."""
    rule = events.Rule(
        scope,
        "EveryFourMinutes",
        description="The open referrals and work items of each queue are counted",
        schedule=events.Schedule.rate(Duration.minutes(4)),
    )
    rule.add_target(_tick(function, undelivered))


def _stream(
    table: dynamodb.Table,
    patterns: Sequence[Mapping[str, object]],
    messaging: Messaging,
    *,
    forever: bool,
) -> sources.DynamoEventSource:
    """Return the stream as a consumer's source; one that nothing else makes good never gives up.

    The lake's rows are wanted whenever the lake is back: as long as the stream keeps them.
    """
    return sources.DynamoEventSource(
        table,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=50,
        bisect_batch_on_error=True,
        retry_attempts=None if forever else _STREAM_RETRIES,
        max_record_age=None if forever else Duration.hours(6),
        report_batch_item_failures=True,
        on_failure=sources.SqsDlq(messaging.stream_dlq),
        # A bare mapping would be dropped without a word.
        filters=[lambda_.FilterCriteria.filter(pattern) for pattern in patterns],
    )


def _hand_over_replies(function: lambda_.Function, messaging: Messaging) -> None:
    messaging.replies.add_subscription(
        subscriptions.LambdaSubscription(function, dead_letter_queue=messaging.replies_dlq)
    )
    # The topic hands a reply over and forgets it: what fails then is the function's to keep.
    function.configure_async_invoke(
        retry_attempts=2,
        max_event_age=Duration.hours(6),
        on_failure=destinations.SqsDestination(messaging.replies_dlq),
    )
