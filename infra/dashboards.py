"""Dashboards: operations, partners, money. What an alarm watches is drawn where it is explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.alarms import PARTNERS
from infra.functions import STEPS
from infra.messaging import Messaging
from infra.service_alarms import Watched
from infra.triggers import STREAM_FILTERS
from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.pause import PauseScope
from referral_core.domain.routing.prices import BID_PRICES, GREEDY
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.metrics import ANY, MESSAGE_RESULTS
from referral_core.entrypoints.queues import ALL
from referral_core.metering import OVERHEAD
from referral_core.observability import NAMESPACE
from referral_core.pathways import pathways
from referral_core.price_books import LISTS, price_book

_MINUTE: Final = Duration.minutes(1)
_GAUGED: Final = Duration.minutes(5)
_HOUR: Final = Duration.hours(1)
_DAY: Final = Duration.days(1)
_WIDTH: Final = 12
_EVENTS: Final = {"service": "record_metrics"}
_QUEUES: Final = {"service": "measure_queues"}
_PRICES: Final = {"service": "publish_prices"}
_WATCHDOG: Final = {"service": "fire_timers"}
_RESULTS: Final = ("answered", "refused", "unavailable", "misconfigured")
_CLOCKS: Final = ("running", "warned", "breached", "stopped")
"""Where a payer's clock is after what was measured: below 75 %, 75 to 100 %, beyond, decided."""


class Dashboards(Construct):
    """The three dashboards of a cell."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        watched: Watched,
    ) -> None:
        super().__init__(scope, construct_id)
        self._dashboard("Operations", _operations(watched))
        self._dashboard("Partners", _partners())
        self._dashboard("Money", _money())

    def _dashboard(self, name: str, graphs: Sequence[cloudwatch.GraphWidget]) -> None:
        rows = [list(graphs[n : n + 2]) for n in range(0, len(graphs), 2)]
        cloudwatch.Dashboard(
            self,
            name,
            dashboard_name=f"{Stack.of(self).stack_name}-{name.lower()}",
            widgets=rows,
        )


def _operations(watched: Watched) -> list[cloudwatch.GraphWidget]:
    """Return what says whether everything moves, and where it does not."""
    return [*_work(), *_flow(), *_background(watched), *_faults(watched)]


def _work() -> Iterator[cloudwatch.GraphWidget]:
    """Yield what waits for people, counted every four minutes."""
    for title, name in (
        ("Open referrals by queue", "OpenReferrals"),
        ("Oldest referral by queue, seconds", "OldestReferral"),
        ("Open work items by queue", "OpenWorkItems"),
        ("Overdue work items by queue", "OverdueWorkItems"),
        ("Longest overdue by queue, seconds", "OldestOverdue"),
    ):
        yield _graph(title, [_gauge(name, queue) for queue in (*Queue, ALL)])
    opened = [_event("WorkItemsOpened", reason=reason) for reason in Reason]
    yield _graph("Work items opened by reason", opened)


def _flow() -> list[cloudwatch.GraphWidget]:
    """Return what comes, moves and ends."""
    policies = (BID_PRICES, GREEDY)
    return [
        _graph("Received", [_event("ReferralsReceived", pathway=p) for p in _pathways()]),
        _graph("Closed by outcome", [_event("ReferralsClosed", outcome=o) for o in Outcome]),
        _graph("Loops closed", [_event("LoopsClosed", pathway=p) for p in _pathways()]),
        _graph(
            "Time in status, seconds",
            [_event("TimeInStatus", statistic="Average", status=s) for s in Status],
        ),
        _graph("Routed by policy", [_event("ReferralsRouted", policy=p) for p in policies]),
        _graph("Paused, by scope", [_paused(scope) for scope in PauseScope]),
    ]


def _background(watched: Watched) -> list[cloudwatch.GraphWidget]:
    """Return what runs beside the referrals, and how late it is."""
    functions = watched.functions
    return [
        _graph("Stream age, milliseconds", _stream_ages(functions)),
        _graph(
            "Watchdog",
            [
                _metric("OldestDue", "Maximum", _WATCHDOG, label="oldest due, seconds"),
                *(
                    _metric(name, "Sum", _WATCHDOG, label=name)
                    for name in ("DueProcessed", "DueFailed", "LastResorts")
                ),
                functions["fire_timers"].metric_invocations(period=_MINUTE),
            ],
        ),
        _graph(
            "Prices and places",
            [
                _metric("MarketsPublished", "Sum", _PRICES, _HOUR, label="markets published"),
                _metric("MarketsNotPublished", "Maximum", _PRICES, _HOUR, label="not published"),
                _metric(
                    "WaitlistServed", "Sum", {"service": "serve_waitlist"}, label="places given on"
                ),
            ],
        ),
    ]


def _faults(watched: Watched) -> list[cloudwatch.GraphWidget]:
    """Return what failed, and what was set aside."""
    functions, machine = watched.functions, watched.machine
    return [
        _graph("Dead letters", _dead_letters(watched.messaging)),
        _graph(
            "Executions that ended badly",
            [machine.metric_failed(), machine.metric_timed_out(), machine.metric_aborted()],
        ),
        _graph(
            "Steps that failed",
            [
                _metric("StepsFailed", "Sum", {"service": spec.name})
                for spec in STEPS
                if spec.completes
            ],
        ),
        _graph(
            "Function errors",
            [function.metric_errors(period=_MINUTE) for function in functions.values()],
        ),
    ]


def _pathways() -> list[str]:
    return sorted({pathway for pathway, _ in pathways()})


def _stream_ages(functions: Mapping[str, lambda_.Function]) -> list[cloudwatch.IMetric]:
    return [
        functions[name].metric("IteratorAge", statistic="Maximum", period=_MINUTE)
        for name in STREAM_FILTERS
    ]


def _dead_letters(messaging: Messaging) -> list[cloudwatch.IMetric]:
    """Return how many lie in each dead-letter queue; more than none of one is an alarm."""
    return [
        queue.metric_approximate_number_of_messages_visible(period=_MINUTE, label=name)
        for name, queue in messaging.dead_letters.items()
    ]


def _paused(scope: PauseScope) -> cloudwatch.Metric:
    """Return how many of a scope are held back: the breaker of a partner is a person's pause."""
    return _metric("Pauses", "Maximum", {"service": "measure_queues", "scope": scope}, _GAUGED)


def _partners() -> list[cloudwatch.GraphWidget]:
    """Return what says who of the others answers, and how fast."""
    answered = [
        _metric("PartnerSeconds", "p95", {"partner": p, "result": "answered"}) for p in PARTNERS
    ]
    return [
        *(
            _graph(
                f"Calls to {partner}s by result",
                [
                    _metric("PartnerCalls", "Sum", {"partner": partner, "result": r})
                    for r in _RESULTS
                ],
            )
            for partner in PARTNERS
        ),
        _graph("Seconds to an answer, p95", answered),
        _graph("Paused, by scope", [_paused(scope) for scope in PauseScope]),
        *(
            _graph(
                f"Messages by result: {channel}",
                [_event("Messages", channel=channel, result=r) for r in MESSAGE_RESULTS],
            )
            for channel in (*get_args(Channel), ANY)
        ),
        _graph(
            "Authorization clocks",
            [_event("AuthorizationClocks", clock=c) for c in _CLOCKS],
        ),
    ]


def _money() -> list[cloudwatch.GraphWidget]:
    """Return what referrals cost, of those that closed."""
    parts = sorted({unit.part for unit in UNITS.values()})
    return [
        _graph(
            "Cost per closed referral, US dollars, daily average",
            [_cost("Average", part) for part in (*parts, ALL)],
        ),
        _graph("Cost of what closed, US dollars a day", [_cost("Sum", p) for p in (*parts, ALL)]),
        _graph("Cost per closed referral, US dollars, p95", [_cost("p95", ALL)]),
        _graph(
            "Units without a price, of what closed",
            [_metric("NotPriced", "Sum", {**_EVENTS, "part": ALL}, _DAY)],
        ),
        _graph("Units a day that no referral carries", list(_overhead().values())),
        _graph("Overhead a day, US dollars: all of it, and a referral received", _shared_out()),
    ]


def _overhead() -> Mapping[str, cloudwatch.Metric]:
    """Return what the watchdog, the stream's consumers and the ends of steps use, by unit."""
    cloud = (name for name, unit in UNITS.items() if unit.part == "cloud")
    return {
        unit: cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=f"{OVERHEAD}.{unit}",
            statistic="Sum",
            period=_DAY,
            label=unit,
        )
        for unit in cloud
    }


def _shared_out() -> list[cloudwatch.IMetric]:
    """Return what the overhead costs by the list, and the share of each referral received."""
    prices = price_book(LISTS[0]).prices
    priced = {unit: each for unit, each in _overhead().items() if unit in prices}
    received = {
        f"received_{n}": _metric("ReferralsReceived", "Sum", {**_EVENTS, "pathway": p}, _DAY)
        for n, p in enumerate(_pathways())
    }
    dollars = " + ".join(f"FILL({unit}, 0) * {prices[unit].usd:f}" for unit in priced)
    count = " + ".join(f"FILL({name}, 0)" for name in received)
    return [
        cloudwatch.MathExpression(
            expression=dollars, using_metrics={**priced}, label="overhead", period=_DAY
        ),
        cloudwatch.MathExpression(
            expression=f"({dollars}) / ({count})",
            using_metrics={**priced, **received},
            label="overhead a referral",
            period=_DAY,
        ),
    ]


def _cost(statistic: str, part: str) -> cloudwatch.Metric:
    return _metric("CostPerReferral", statistic, {**_EVENTS, "part": part}, _DAY)


def _gauge(name: str, queue: str) -> cloudwatch.Metric:
    return _metric(name, "Maximum", {**_QUEUES, "queue": queue}, _GAUGED)


def _event(name: str, *, statistic: str = "Sum", **dimension: str) -> cloudwatch.Metric:
    return _metric(name, statistic, {**_EVENTS, **dimension})


def _metric(
    name: str,
    statistic: str,
    dimensions: Mapping[str, str],
    period: Duration = _MINUTE,
    label: str | None = None,
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        period=period,
        label=label or list(dimensions.values())[-1],
    )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=_WIDTH)
