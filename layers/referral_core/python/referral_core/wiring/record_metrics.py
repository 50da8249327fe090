"""The function record_metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.entrypoints.metrics import record
from referral_core.entrypoints.stream import consume
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.dead_letters import dead_letters

if TYPE_CHECKING:
    from referral_core.domain.money.cost_ledger import Cost


@built_once
def build() -> Callable[[Mapping[str, Any]], dict[str, list[dict[str, str]]]]:
    """Build the function record_metrics."""
    settings().need("table_name")
    unusable = dead_letters("record_metrics")
    use = partial(record, cost_of=_cost)
    return lambda event: consume(event, Sort.EVENT, use, unusable)


def _cost(tenant: str, referral_id: str) -> Cost:
    """Return what a referral cost; the models and the record are loaded with the first close."""
    from referral_core.wiring.parts.closed_costs import closed_costs  # noqa: PLC0415 - see above

    return closed_costs()(tenant, referral_id)
