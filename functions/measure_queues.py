"""Count what waits in each queue, as metrics that are never older than five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.measure_queues import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Measure every queue."""
    return build().measure()
