"""Alarms: whatever could lose a referral or leave one standing wakes somebody."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.messaging import Messaging

_FIVE_MINUTES = Duration.minutes(5)


class Alarms(Construct):
    """One alarm per dead-letter queue, per way an execution fails, and per critical function."""

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
        for name, queue in {
            "StreamDlqNotEmpty": messaging.stream_dlq,
            "NoticesDlqNotEmpty": messaging.notices_dlq,
            "RepliesDlqNotEmpty": messaging.replies_dlq,
            "LettersDlqNotEmpty": messaging.letters_dlq,
        }.items():
            self._alarm(name, queue.metric_approximate_number_of_messages_visible())
        self._alarm(
            "LettersNotPrinted",
            messaging.letters.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES),
            threshold=Duration.days(1).to_seconds(),
        )
        for name, metric in {
            "ExecutionsFailed": machine.metric_failed(period=_FIVE_MINUTES),
            "ExecutionsTimedOut": machine.metric_timed_out(period=_FIVE_MINUTES),
            "ExecutionsAborted": machine.metric_aborted(period=_FIVE_MINUTES),
        }.items():
            self._alarm(name, metric)
        for name in ("receive_referral", "receive_update", "publish_outbox", "fire_timers"):
            function = functions[name]
            title = "".join(part.capitalize() for part in name.split("_"))
            self._alarm(f"{title}Errors", function.metric_errors(period=_FIVE_MINUTES))
            self._alarm(f"{title}Throttles", function.metric_throttles(period=_FIVE_MINUTES))
        self._alarm(
            "WatchdogSilent",
            functions["fire_timers"].metric_invocations(period=_FIVE_MINUTES),
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.Metric,
        *,
        threshold: float = 1,
        comparison: cloudwatch.ComparisonOperator = (
            cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = metric.create_alarm(
            self,
            name,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
