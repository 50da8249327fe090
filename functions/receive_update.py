"""Take updates of referrals from clinics, payers, EHRs and staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referral_core.metering import metered
from referral_core.observability import logger
from referral_core.wiring.receive_update import build

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@metered
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP API request with FHIR JSON."""
    return build().resolve(event, context)
