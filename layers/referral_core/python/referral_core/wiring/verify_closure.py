"""The function verify_closure."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.verify_closure import VerifyClosure
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clinics import clinics
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function verify_closure."""
    return step_entry(VerifyClosure(clinics()))
