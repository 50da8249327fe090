"""Alarms: whatever could lose a referral or leave one standing wakes somebody."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import STEPS
from infra.service_alarms import AlarmSpec, Watched, service_alarms
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
_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class Alarms(Construct):
    """The alarms on what AWS counts itself, and on what our functions measure."""

    def __init__(
        self, scope: Construct, construct_id: str, *, watched: Watched, cost_limit: float
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(watched.messaging.alarms)
        for spec in (*service_alarms(watched), *_measured_alarms(watched, cost_limit)):
            self._alarm(spec)

    def _alarm(self, spec: AlarmSpec) -> None:
        missing = cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            spec.name,
            metric=spec.metric,
            alarm_description=f"{_RUNBOOK}#{spec.anchor}",
            threshold=spec.threshold,
            evaluation_periods=1,
            comparison_operator=_BELOW if spec.below else _AT_LEAST,
            treat_missing_data=missing.BREACHING if spec.silent else missing.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)


def _measured_alarms(watched: Watched, cost_limit: float) -> Iterator[AlarmSpec]:
    """Yield the alarms on what our functions measure, or on that they measure nothing."""
    yield from _steps()
    yield from _due(watched.functions["fire_timers"])
    yield from _prices(watched.functions["publish_prices"])
    yield from _queues_of_work()
    yield from _partners()
    yield _money(cost_limit)


def _steps() -> Iterator[AlarmSpec]:
    """Watch the steps that fail without an error of Lambda's, and where faults end."""
    for spec in STEPS:
        if spec.completes:
            failed = _measured("StepsFailed", "Sum", service=spec.name)
            yield AlarmSpec(f"{spec.construct_id}Failed", failed, "steps-failed")
    opened = _measured("WorkItemsOpened", "Sum", service="record_metrics", reason="fault")
    yield AlarmSpec("FaultWorkItems", opened, "faultworkitems")


def _due(watchdog: lambda_.Function) -> Iterator[AlarmSpec]:
    """Watch the watchdog: that it runs, keeps up, and can process what it finds."""
    runs = watchdog.metric_invocations(period=_FIVE_MINUTES)
    yield AlarmSpec("WatchdogSilent", runs, "watchdogsilent", below=True, silent=True)
    oldest = _measured("OldestDue", "Maximum", service="fire_timers")
    yield AlarmSpec("OldestDue", oldest, "oldestdue", _QUARTER.to_seconds())
    failed = _measured("DueFailed", "Sum", service="fire_timers")
    yield AlarmSpec("DueFailed", failed, "duefailed")
    standing = _measured("LastResorts", "Sum", service="fire_timers")
    yield AlarmSpec("ReferralStands", standing, "referralstands")


def _prices(publisher: lambda_.Function) -> Iterator[AlarmSpec]:
    """Watch that prices are published: without them routing goes on, greedily."""
    runs = publisher.metric_invocations(period=_HOUR)
    yield AlarmSpec("PricesNotPublished", runs, "pricesnotpublished", below=True, silent=True)
    left = _measured("MarketsNotPublished", "Maximum", service="publish_prices")
    yield AlarmSpec("MarketsNotPublished", left, "pricesnotpublished")


def _queues_of_work() -> Iterator[AlarmSpec]:
    """Watch what waits for people, and that it is counted."""
    of_all = {"service": "measure_queues", "queue": ALL}
    overdue = _measured("OldestOverdue", "Maximum", **of_all)
    yield AlarmSpec("WorkOverdue", overdue, "workoverdue", _OVERDUE.to_seconds())
    counts = _measured("OpenReferrals", "SampleCount", **of_all)
    yield AlarmSpec("QueuesNotMeasured", counts, "queuesnotmeasured", below=True, silent=True)
    breached = _measured("AuthorizationClocks", "Sum", service="record_metrics", clock="breached")
    yield AlarmSpec("AuthorizationClockBreached", breached, "authorizationclockbreached")


def _partners() -> Iterator[AlarmSpec]:
    """Watch the partners: one that does not answer, and one whose address or token is wrong."""
    for partner in PARTNERS:
        for result, most in (("unavailable", _TRIES_OF_A_STEP), ("misconfigured", 1)):
            calls = _measured("PartnerCalls", "Sum", partner=partner, result=result)
            name = f"{partner.capitalize()}{result.capitalize()}"
            yield AlarmSpec(name, calls, "partners", most)


def _money(limit: float) -> AlarmSpec:
    """Watch what a closed referral cost on average."""
    cost = cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name="CostPerReferral",
        dimensions_map={"service": "record_metrics", "part": "all"},
        statistic="Average",
        period=_DAY,
    )
    return AlarmSpec("CostPerReferral", cost, "costperreferral", limit)


def _measured(name: str, statistic: str, **dimensions: str) -> cloudwatch.Metric:
    """Return a metric that our functions emit; the function is a dimension of its own."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_FIVE_MINUTES,
    )
