"""The function await_visit."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.outreach.messages import Messages
from referral_core.lifecycle.steps.await_visit import AwaitVisit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clinics import clinics
from referral_core.wiring.parts.step_entry import step_entry
from referral_core.wiring.parts.text_messages import text_messages


@built_once
def build() -> StepEntry:
    """Build the function await_visit."""
    return step_entry(AwaitVisit(Messages(text_messages()), clinics()))
