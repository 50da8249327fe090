"""The function contact_patient."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.outreach.messages import Messages
from referral_core.lifecycle.steps.contact_patient import ContactPatient
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.channels import channels
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function contact_patient."""
    return step_entry(ContactPatient(Messages(channels())))
