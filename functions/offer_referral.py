"""Offer the referral to the clinic; wait for its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.log_lines import logger
from referral_core.metering import metered
from referral_core.wiring.offer_referral import build

if TYPE_CHECKING:
    from referral_core.log_lines import LambdaContext


@metered
@logger.of_invocation
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str | None]:
    """Run one entry of the step OfferReferral; see statemachines/README.md."""
    return build().handle(event)
