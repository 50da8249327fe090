"""Let managers onboard people and let them leave, and people keep their filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.manage_people import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP API request about people."""
    return build().resolve(event, context)
