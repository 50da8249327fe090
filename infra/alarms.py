"""Alarms: whatever could lose a referral or leave one standing wakes somebody."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions import STEPS
from infra.messaging import Messaging
from referral_core.observability import NAMESPACE

_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)
_QUARTER = Duration.minutes(15)
_RUNBOOK = "docs/runbook.md"


class Alarms(Construct):
    """One alarm per dead-letter queue, way an execution fails, function, and untended referral."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[str, lambda_.Function],
        machine: sfn.StateMachine,
        messaging: Messaging,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(messaging.alarms)
        self._queues(messaging)
        self._executions(machine)
        for name, function in functions.items():
            title = "".join(part.capitalize() for part in name.split("_"))
            self._alarm(
                f"{title}Errors", function.metric_errors(period=_FIVE_MINUTES), "function-errors"
            )
            self._alarm(
                f"{title}Throttles",
                function.metric_throttles(period=_FIVE_MINUTES),
                "function-throttles",
            )
        self._steps()
        self._due(functions["fire_timers"])
        self._prices(functions["publish_prices"])

    def _queues(self, messaging: Messaging) -> None:
        for name, queue in {
            "StreamDlqNotEmpty": messaging.stream_dlq,
            "NoticesDlqNotEmpty": messaging.notices_dlq,
            "WaitlistDlqNotEmpty": messaging.waitlist_dlq,
            "RepliesDlqNotEmpty": messaging.replies_dlq,
            "LettersDlqNotEmpty": messaging.letters_dlq,
        }.items():
            self._alarm(name, queue.metric_approximate_number_of_messages_visible(), name.lower())
        self._alarm(
            "LettersNotPrinted",
            messaging.letters.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES),
            "lettersnotprinted",
            threshold=Duration.days(1).to_seconds(),
        )

    def _executions(self, machine: sfn.StateMachine) -> None:
        for name, metric in {
            "ExecutionsFailed": machine.metric_failed(period=_FIVE_MINUTES),
            "ExecutionsTimedOut": machine.metric_timed_out(period=_FIVE_MINUTES),
            "ExecutionsAborted": machine.metric_aborted(period=_FIVE_MINUTES),
        }.items():
            self._alarm(name, metric, "executions")

    def _steps(self) -> None:
        """Watch the steps that fail without an error of Lambda's, and where faults end."""
        for spec in STEPS:
            if spec.completes:
                self._alarm(
                    f"{spec.construct_id}Failed",
                    _measured("StepsFailed", "Sum", service=spec.name),
                    "steps-failed",
                )
        self._alarm(
            "FaultWorkItems",
            _measured("WorkItemsOpened", "Sum", service="record_metrics", reason="fault"),
            "faultworkitems",
        )

    def _due(self, watchdog: lambda_.Function) -> None:
        """Watch the watchdog: that it runs, keeps up, and can process what it finds."""
        self._alarm(
            "WatchdogSilent",
            watchdog.metric_invocations(period=_FIVE_MINUTES),
            "watchdogsilent",
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "OldestDue",
            _measured("OldestDue", "Maximum", service="fire_timers"),
            "oldestdue",
            threshold=_QUARTER.to_seconds(),
        )
        self._alarm("DueFailed", _measured("DueFailed", "Sum", service="fire_timers"), "duefailed")

    def _prices(self, publisher: lambda_.Function) -> None:
        """Watch that prices are published: without them routing goes on, greedily."""
        self._alarm(
            "PricesNotPublished",
            publisher.metric_invocations(period=_HOUR),
            "pricesnotpublished",
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "MarketsNotPublished",
            _measured("MarketsNotPublished", "Maximum", service="publish_prices"),
            "pricesnotpublished",
        )

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        anchor: str,
        *,
        threshold: float = 1,
        comparison: cloudwatch.ComparisonOperator = (
            cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=f"{_RUNBOOK}#{anchor}",
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)


def _measured(name: str, statistic: str, **dimensions: str) -> cloudwatch.Metric:
    """Return a metric that our functions emit; the function is a dimension of its own."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_FIVE_MINUTES,
    )
