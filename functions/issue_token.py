"""Give access tokens to clients that sign an assertion, and publish the keys that sign them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.log_lines import logger
from referral_core.metering import metered
from referral_core.wiring.issue_token import build

if TYPE_CHECKING:
    from referral_core.log_lines import LambdaContext


@metered
@logger.of_invocation
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP API request with JSON."""
    return build().resolve(event)
