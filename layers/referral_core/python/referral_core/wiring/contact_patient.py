"""The function contact_patient."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.messages import Messages
from referral_core.lifecycle.steps.contact_patient import ContactPatient
from referral_core.wiring.built_once import built_once
from referral_core.wiring.channels import channels
from referral_core.wiring.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function contact_patient."""
    return step_entry(ContactPatient(Messages(channels())))
