"""The function serve_waitlist."""

from __future__ import annotations

from referral_core.entrypoints.waitlist import WaitlistService
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.directory_store import directory_store
from referral_core.wiring.parts.reacting_steps import reacting_engine


@built_once
def build() -> WaitlistService:
    """Build the function serve_waitlist."""
    return WaitlistService(reacting_engine(), directory_store())
