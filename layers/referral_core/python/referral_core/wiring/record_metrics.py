"""The function record_metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.entrypoints.metrics import record
from referral_core.entrypoints.stream import consume
from referral_core.wiring.dead_letters import dead_letters


@cache
def build() -> Callable[[Mapping[str, Any]], dict[str, list[dict[str, str]]]]:
    """Build the function record_metrics."""
    unusable = dead_letters("record_metrics")
    return lambda event: consume(event, Sort.EVENT, record, unusable)
