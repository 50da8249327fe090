"""Let operators find referrals, hold back, let go on, and give once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.run_operations import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP API request of operators."""
    return build().resolve(event, context)
