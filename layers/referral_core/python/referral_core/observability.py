"""One logger and one way to measure, for every function: constant names, never PHI."""

from __future__ import annotations

from typing import Final, Literal

from aws_lambda_powertools import Logger

NAMESPACE: Final = "ReferralRouter"
logger: Final = Logger()


def measure(name: str, value: float, unit: Literal["Count", "Seconds"], **dimension: str) -> None:
    """Emit one metric by the embedded metric format; the function is a dimension of its own.

    Args:
        name: the metric's.
        value: what was measured.
        unit: as CloudWatch names it.
        **dimension: of a closed set each: a series costs money.
    """
    # Loaded with the first: most invocations of most functions measure nothing.
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415

    with single_metric(
        name=name, unit=MetricUnit(unit), value=value, namespace=NAMESPACE
    ) as metric:
        for key, text in dimension.items():
            metric.add_dimension(name=key, value=text)
