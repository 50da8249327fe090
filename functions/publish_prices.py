"""Publish the markets with their prices, those first that were published the longest ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.publish_prices import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_LAST_MS: Final = 120_000
"""What the last market begun may take."""


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Publish as many markets as there is time for."""
    return build().tick(lambda: context.get_remaining_time_in_millis() > _LAST_MS)
