"""Stream events become CloudWatch metrics, by the embedded metric format, with few dimensions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from referral_core.domain.lifecycle import Outcome, Status

if TYPE_CHECKING:
    from referral_core.entrypoints.stream import Image

NAMESPACE: Final = "ReferralRouter"


def record(_old: Image | None, new: Image) -> None:
    """Emit the metrics of one event: received, closed by outcome, time in status.

    The dimensions are closed sets (pathway, outcome, status): a series costs money. An event's
    body is always JSON; the few fields used here are read without the models of all events,
    which would be most of the start.
    """
    event: dict[str, Any] = json.loads(new["body"])
    pathway, to = str(event["dimensions"]["pathway"]), Status(event["to_status"])
    before = event.get("from_status")
    if before is None:  # only the first event comes from nowhere
        _emit("ReferralsReceived", 1, MetricUnit.Count, pathway=pathway)
        return
    since = Status(before)
    if to is Status.CLOSED and since is not Status.CLOSED:
        outcome = event.get("outcome")
        named = Outcome(outcome).value if outcome else "none"
        _emit("ReferralsClosed", 1, MetricUnit.Count, outcome=named)
        if (event.get("facts") or {}).get("loop_closed"):
            _emit("LoopsClosed", 1, MetricUnit.Count, pathway=pathway)
    seconds = event.get("in_status_s")
    if since is not to and seconds is not None:
        _emit("TimeInStatus", seconds, MetricUnit.Seconds, status=since.value)


def _emit(name: str, value: float, unit: MetricUnit, **dimension: str) -> None:
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        for key, text in dimension.items():
            metric.add_dimension(name=key, value=text)
