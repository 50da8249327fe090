"""The function await_visit."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.messages import Messages
from referral_core.lifecycle.steps.await_visit import AwaitVisit
from referral_core.wiring.built_once import built_once
from referral_core.wiring.clinics import clinics
from referral_core.wiring.step_entry import step_entry
from referral_core.wiring.text_messages import text_messages


@built_once
def build() -> StepEntry:
    """Build the function await_visit."""
    return step_entry(AwaitVisit(Messages(text_messages()), clinics()))
