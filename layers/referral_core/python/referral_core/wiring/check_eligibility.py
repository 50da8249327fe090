"""The function check_eligibility."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.check_eligibility import CheckEligibility
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.payers import eligibility
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function check_eligibility."""
    return step_entry(CheckEligibility(eligibility(), documents()))
