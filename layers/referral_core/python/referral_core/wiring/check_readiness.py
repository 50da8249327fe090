"""The function check_readiness."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.check_readiness import CheckReadiness
from referral_core.pathways import pathway_for
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function check_readiness."""
    return step_entry(CheckReadiness(pathway_for))
