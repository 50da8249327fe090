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
from infra.triggers import STREAM_FILTERS
from referral_core.entrypoints.queues import ALL
from referral_core.observability import NAMESPACE

_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)
_QUARTER = Duration.minutes(15)
_DAY = Duration.days(1)
_OVERDUE = Duration.days(2)
"""How long a work item may be overdue before operations look at the team that has it."""
_TRIES_OF_A_STEP = 4
"""Of which each that a partner does not answer counts: what one dead partner does at the least."""
PARTNERS = ("payer", "clinic", "ehr")
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
        cost_limit: float,
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
        self._consumers(functions)
        self._queues_of_work()
        self._partners()
        self._money(cost_limit)

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

    def _consumers(self, functions: Mapping[str, lambda_.Function]) -> None:
        """Watch the stream's consumers: a record that waits is a start or a notice that waits."""
        for name in STREAM_FILTERS:
            title = "".join(part.capitalize() for part in name.split("_"))
            self._alarm(
                f"{title}Behind",
                functions[name].metric("IteratorAge", statistic="Maximum", period=_FIVE_MINUTES),
                "streambehind",
                threshold=_QUARTER.to_milliseconds(),
            )

    def _queues_of_work(self) -> None:
        """Watch what waits for people, and that it is counted."""
        of_all = {"service": "measure_queues", "queue": ALL}
        self._alarm(
            "WorkOverdue",
            _measured("OldestOverdue", "Maximum", **of_all),
            "workoverdue",
            threshold=_OVERDUE.to_seconds(),
        )
        self._alarm(
            "QueuesNotMeasured",
            _measured("OpenReferrals", "SampleCount", **of_all),
            "queuesnotmeasured",
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "AuthorizationClockBreached",
            _measured("AuthorizationClocks", "Sum", service="record_metrics", clock="breached"),
            "authorizationclockbreached",
        )

    def _partners(self) -> None:
        """Watch the partners: one that does not answer, and one whose address or token is wrong."""
        for partner in PARTNERS:
            for result, most in (("unavailable", _TRIES_OF_A_STEP), ("misconfigured", 1)):
                self._alarm(
                    f"{partner.capitalize()}{result.capitalize()}",
                    _measured("PartnerCalls", "Sum", partner=partner, result=result),
                    "partners",
                    threshold=most,
                )

    def _money(self, limit: float) -> None:
        """Watch what a closed referral cost on average."""
        self._alarm(
            "CostPerReferral",
            cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name="CostPerReferral",
                dimensions_map={"service": "record_metrics", "part": "all"},
                statistic="Average",
                period=_DAY,
            ),
            "costperreferral",
            threshold=limit,
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
