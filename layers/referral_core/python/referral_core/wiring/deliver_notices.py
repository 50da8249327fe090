"""The function deliver_notices."""

from __future__ import annotations

from referral_core.entrypoints.notice_delivery import NoticeDelivery
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.ehr import ehr
from referral_core.wiring.parts.reacting_steps import reacting_engine
from referral_core.wiring.parts.table import table


@built_once
def build() -> NoticeDelivery:
    """Build the function deliver_notices."""
    return NoticeDelivery(
        engine=reacting_engine(),
        referrals=table(),
        directory=directory(),
        ehr=ehr(settings().need("public_base_url")),
        clock=clock(),
        queue=aws_client("sqs"),
        queue_url=settings().need("notices_queue_url"),
    )
