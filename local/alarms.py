"""Judges the deployed alarms as CloudWatch does: by their own definition, dimensions included.

The emulator's own judgement is switched off (`emulated.py`): it knows a metric by its name alone,
and of one that is silent nothing.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

Definition = Mapping[str, Any]
"""A metric alarm as DescribeAlarms tells of it."""

_MISSING: Final[Mapping[str, bool]] = {"breaching": True, "notBreaching": False}
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {"Average": ("Sum", "SampleCount")}
"""Statistics that cannot be put together from those of parts of a period, and what they are of."""
_TOGETHER: Final[Mapping[str, Callable[[Iterable[float]], float]]] = {
    **dict.fromkeys(("Sum", "SampleCount"), sum),
    "Maximum": max,
    "Minimum": min,
}
_A_CALL: Final = 500


def state_of(alarm: Definition, values: Sequence[float | None]) -> str:
    """Return the state of an alarm by what was measured in its latest periods.

    M of the N latest periods must breach; one without data counts as the alarm says
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).

    Args:
        alarm: its definition.
        values: of its statistic, a period each; None where nothing was measured.
    """
    treated = alarm.get("TreatMissingData", "missing")
    breaches = _COMPARED[alarm["ComparisonOperator"]]
    told = [
        _MISSING.get(treated) if value is None else breaches(value, alarm["Threshold"])
        for value in values
    ]
    known = [breached for breached in told if breached is not None]
    if not known:
        return str(alarm["StateValue"]) if treated == "ignore" else "INSUFFICIENT_DATA"
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    return "ALARM" if sum(known) >= min(needed, len(known)) else "OK"


@dataclass(frozen=True)
class AlarmJudge:
    """Puts each alarm into its state, upon which CloudWatch does what the alarm asks for.

    Attributes:
        emulator: makes clients, as `Emulator` does.
        since: what was measured before raises no alarm: functions are started with what fails.
    """

    emulator: Any
    since: datetime

    def judge(self, now: datetime) -> list[str]:
        """Judge every alarm by its periods until an instant; return those whose state changed."""
        client, changed = self.emulator.client("cloudwatch"), []
        for alarm, values in self._measured(client, now):
            is_whole = self.since <= now - timedelta(seconds=alarm["Period"])
            # What has not been there for a whole period yet is not silent.
            is_known = is_whole or any(value is not None for value in values)
            state = state_of(alarm, values) if is_known else "OK"
            if state == alarm["StateValue"]:
                continue
            shown = ", ".join("nothing" if value is None else f"{value:g}" for value in values)
            reason = f"{alarm['Statistic']} of {shown}, against {alarm['Threshold']:g}"
            client.set_alarm_state(
                AlarmName=alarm["AlarmName"], StateValue=state, StateReason=reason
            )
            changed.append(alarm["AlarmName"])
        return changed

    def _measured(
        self, client: Any, now: datetime
    ) -> Iterator[tuple[Definition, Sequence[float | None]]]:
        """Yield each alarm with the values of its periods, the latest first."""
        by_period: dict[int, list[Definition]] = defaultdict(list)
        for page in client.get_paginator("describe_alarms").paginate():
            for alarm in page["MetricAlarms"]:
                by_period[alarm["Period"]].append(alarm)
        for period, alarms in by_period.items():
            span, most = timedelta(seconds=period), max(a["EvaluationPeriods"] for a in alarms)
            ends = [now - number * span for number in range(most)]
            of_period = [_values(client, alarms, max(end - span, self.since), end) for end in ends]
            for number, alarm in enumerate(alarms):
                periods = of_period[: alarm["EvaluationPeriods"]]
                yield alarm, [values[number] for values in periods]


def _values(
    client: Any, alarms: Sequence[Definition], since: datetime, until: datetime
) -> list[float | None]:
    """Return the value of each alarm's statistic in one period, which may be before all time."""
    if since >= until:
        return [None] * len(alarms)
    asked = [
        (f"a{number}_{part.lower()}", alarm, part)
        for number, alarm in enumerate(alarms)
        for part in _PARTS.get(alarm["Statistic"], (alarm["Statistic"],))
    ]
    found: dict[str, float] = {}
    for first in range(0, len(asked), _A_CALL):
        answer = client.get_metric_data(
            MetricDataQueries=[_query(*each) for each in asked[first : first + _A_CALL]],
            StartTime=since,
            EndTime=until,
        )
        parts = {name: part for name, _, part in asked}
        for result in answer["MetricDataResults"]:
            # A period that does not begin with one of the clock's lies in two of these.
            if values := result["Values"]:
                found[result["Id"]] = _TOGETHER[parts[result["Id"]]](values)
    return [_value(found, number, alarm["Statistic"]) for number, alarm in enumerate(alarms)]


def _value(found: Mapping[str, float], number: int, statistic: str) -> float | None:
    if statistic != "Average":
        return found.get(f"a{number}_{statistic.lower()}")
    count = found.get(f"a{number}_samplecount")
    return found[f"a{number}_sum"] / count if count else None


def _query(name: str, alarm: Definition, statistic: str) -> dict[str, Any]:
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm["Dimensions"],
    }
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": statistic}
    return {"Id": name, "MetricStat": stat}
