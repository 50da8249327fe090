"""The function offer_referral."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.offer_referral import OfferReferral
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clinics import clinics
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function offer_referral."""
    return step_entry(OfferReferral(clinics(), documents))
