"""Process every referral that is due: deadlines, lost resolutions, runs without an execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.observability import logger
from referral_core.wiring.fire_timers import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Process what is due now; the event's content does not matter."""
    return build().tick()
