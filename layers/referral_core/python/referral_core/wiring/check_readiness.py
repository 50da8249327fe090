"""The function check_readiness."""

from __future__ import annotations

from functools import cache

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.check_readiness import CheckReadiness
from referral_core.pathways import pathway_for
from referral_core.wiring.step_entry import step_entry


@cache
def build() -> StepEntry:
    """Build the function check_readiness."""
    return step_entry(CheckReadiness(pathway_for))
