"""The function open_work_item."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.open_work_item import OpenWorkItem
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function open_work_item."""
    return step_entry(OpenWorkItem())
