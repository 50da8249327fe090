"""The function fire_timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb.due import DueIndex
from referral_core.entrypoints.watchdog import Watchdog
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.engine_on_first_use import engine_on_first_use

if TYPE_CHECKING:
    from referral_core.domain.ids import ReferralId, Tenant


@built_once
def build(*shards: int) -> Watchdog:
    """Build the function fire_timers for some shards of the due index; none: for all."""
    due = DueIndex(aws_client("dynamodb"), settings().need("table_name"), shards)
    return Watchdog(_process, due, clock(), _last_resort)


def _process(tenant: Tenant, referral_id: ReferralId) -> str:
    """Process one due referral; the engine is loaded with the first."""
    from referral_core.lifecycle.engine.process_due import process_due  # noqa: PLC0415 - see above

    return process_due(engine_on_first_use(), tenant, referral_id)


def _last_resort(tenant: Tenant, referral_id: ReferralId) -> None:
    """Put on a worklist that a referral stands; seldom is what this needs loaded."""
    from referral_core.domain.unmatched import of_standing  # noqa: PLC0415 - see above
    from referral_core.wiring.parts.unmatched import unmatched  # noqa: PLC0415 - see above

    unmatched().keep(of_standing(tenant, referral_id, clock().now()))
