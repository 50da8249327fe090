"""Take patients' text messages, which the carrier publishes to SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.log_lines import logger
from referral_core.metering import metered
from referral_core.wiring.receive_reply import build

if TYPE_CHECKING:
    from referral_core.log_lines import LambdaContext


@metered
@logger.of_invocation
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Take the replies of one SNS event."""
    build().handle(event)
