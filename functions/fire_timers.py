"""Process every referral that is due: deadlines, lost resolutions, runs without an execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.fire_timers import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_LAST_MS: Final = 15_000
"""What the last referral begun may take."""


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Process what is due now, of the shards that the event names, else of all."""
    watchdog = build(*event.get("shards", ()))
    return watchdog.tick(lambda: context.get_remaining_time_in_millis() > _LAST_MS)
