"""The carrier's opt-out list."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.opt_out_list import CarrierOptOuts
from referral_core.ports.lifecycle import OptOuts
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def opt_outs() -> OptOuts:
    """Return the carrier's list; naming a number twice is naming it once, so it may try again."""
    return CarrierOptOuts(aws_client("pinpoint-sms-voice-v2"), settings().need("opt_out_list"))
