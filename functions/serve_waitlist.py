"""Give places that opened to the referrals that wait for them, in the order of their turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.log_lines import logger
from referral_core.metering import metered
from referral_core.wiring.serve_waitlist import build

if TYPE_CHECKING:
    from referral_core.log_lines import LambdaContext


@metered
@logger.of_invocation
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Serve one batch of the waitlist's queue."""
    return build().handle(event)
