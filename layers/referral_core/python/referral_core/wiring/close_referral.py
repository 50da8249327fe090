"""The function close_referral."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.close_referral import CloseReferral
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function close_referral."""
    return step_entry(CloseReferral())
