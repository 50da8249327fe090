"""The entry of a function that runs one step."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.step import LifecycleStep
from referral_core.wiring.parts.engine import engine
from referral_core.wiring.parts.workflow import workflow


def step_entry(step: LifecycleStep) -> StepEntry:
    """Return the entry of a step's own function."""
    return StepEntry(engine({step.name: step}), workflow())
