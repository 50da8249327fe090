"""One logger and one way to measure, for every function: constant names, never PHI."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE: Final = "ReferralRouter"
logger: Final = Logger()
_SERVICE: Final = "POWERTOOLS_SERVICE_NAME"
_MS: Final = 1000

Unit = Literal["Count", "Seconds", "None"]


class Measured(NamedTuple):
    """One value that was measured. Attributes: unit: as CloudWatch names it."""

    value: float
    unit: Unit = "Count"


def measure(name: str, value: float, unit: Unit, **dimension: str) -> None:
    """Emit one metric; see `measure_all`."""
    measure_all({name: Measured(value, unit)}, by_function=True, **dimension)


def measure_all(
    values: Mapping[str, Measured], *, by_function: bool = True, **dimension: str
) -> None:
    """Emit metrics as one line of the embedded metric format.

    The line is written here, for the library that writes it costs a start more than a step does.

    Args:
        values: by the metric's name.
        by_function: whether the function is a dimension too; without it one alarm sees all.
        **dimension: of a closed set each: a series costs money.
    """
    service = {"service": os.environ.get(_SERVICE, "service_undefined")} if by_function else {}
    dimensions = {**service, **dimension}
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": of.unit} for name, of in values.items()],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * _MS), "CloudWatchMetrics": [described]},
        **dimensions,
        **{name: [float(of.value)] for name, of in values.items()},
    }
    sys.stdout.write(f"{json.dumps(line)}\n")
