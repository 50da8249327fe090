"""The payers, each by its protocol."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.http.payer import HttpEligibility, HttpPriorAuth
from referral_core.adapters.protocols import EligibilityByProtocol, PriorAuthByProtocol
from referral_core.ports.lifecycle import Eligibility, PriorAuth
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.partners import http


@cache
def eligibility() -> Eligibility:
    """Return the payers' eligibility services."""
    return EligibilityByProtocol({"x12-271": HttpEligibility(http("payer"), clock())})


@cache
def prior_auth() -> PriorAuth:
    """Return the payers' prior-authorization services."""
    return PriorAuthByProtocol({"davinci-pas": HttpPriorAuth(http("payer"))})
