"""Stream events become CloudWatch metrics, by the embedded metric format, with few dimensions."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from referral_core.background.records import Image
from referral_core.domain.lifecycle import Status
from referral_core.domain.referral import Event

NAMESPACE: Final = "ReferralRouter"


def record(_old: Image | None, new: Image) -> None:
    """Emit the metrics of one event: received, closed by outcome, time in status.

    The dimensions are closed sets (pathway, outcome, status): a series costs money.
    """
    event = Event.model_validate_json(new["body"])
    if event.kind == "received":
        _emit("ReferralsReceived", 1, MetricUnit.Count, pathway=event.pathway)
    if event.to_status is Status.CLOSED and event.from_status is not Status.CLOSED:
        outcome = event.outcome.value if event.outcome else "none"
        _emit("ReferralsClosed", 1, MetricUnit.Count, outcome=outcome)
        if event.facts.get("loop_closed"):
            _emit("LoopsClosed", 1, MetricUnit.Count, pathway=event.pathway)
    moved = event.from_status is not None and event.from_status is not event.to_status
    if moved and event.in_status_s is not None:
        _emit(
            "TimeInStatus",
            event.in_status_s,
            MetricUnit.Seconds,
            status=str(event.from_status),
        )


def _emit(name: str, value: float, unit: MetricUnit, **dimension: str) -> None:
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        for key, text in dimension.items():
            metric.add_dimension(name=key, value=text)
