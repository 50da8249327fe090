"""Publish what a referral's record asks for: start its run, queue its notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.publish_outbox import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Consume one batch of stream records."""
    return build()(event)
