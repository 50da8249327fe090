"""The function request_authorization."""

from __future__ import annotations

from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.steps.request_authorization import RequestAuthorization
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.payers import prior_auth
from referral_core.wiring.parts.step_entry import step_entry


@built_once
def build() -> StepEntry:
    """Build the function request_authorization."""
    return step_entry(RequestAuthorization(prior_auth(), documents()))
