"""The payer over HTTP: eligibility as X12 270/271, prior authorization as Da Vinci PAS."""

from __future__ import annotations

import json
from typing import Final

from referral_core.adapters.http import HttpClient
from referral_core.domain.network import Payer
from referral_core.fhir.body import read_resource
from referral_core.fhir.pas import read_claim_response
from referral_core.fhir.pas_claim import claim_bundle
from referral_core.ports import (
    AuthorizationAnswer,
    AuthorizationRequest,
    Clock,
    EligibilityAnswer,
    EligibilityInquiry,
)
from referral_core.x12.answer import read_271
from referral_core.x12.inquiry import write_270

_X12: Final = "application/EDI-X12"
_FHIR: Final = "application/fhir+json"
_ELIGIBILITY_SECONDS: Final = 20.0
_AUTHORIZATION_SECONDS: Final = 15.0
"""PAS wants an answer, at least a pend, within 15 seconds."""


class HttpEligibility:
    """The port `Eligibility` over HTTP."""

    def __init__(self, http: HttpClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def check(self, payer: Payer, inquiry: EligibilityInquiry) -> EligibilityAnswer:
        """Post a 270 and read the 271 in the answer."""
        answer = self._http.send(
            "POST",
            payer.eligibility_url,
            secret=payer.secret,
            body=write_270(inquiry, payer, self._clock.now()).encode(),
            content_type=_X12,
            timeout=_ELIGIBILITY_SECONDS,
        )
        text = answer.body.decode("utf-8", errors="replace")
        return read_271(text, service_type=inquiry.service_type, trace=inquiry.trace)


class HttpPriorAuth:
    """The port `PriorAuth` over HTTP."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationAnswer:
        """Post a PAS request Bundle and read the ClaimResponse in the answer."""
        answer = self._http.send(
            "POST",
            f"{payer.authorization_url.rstrip('/')}/Claim/$submit",
            secret=payer.secret,
            body=json.dumps(claim_bundle(request, payer)).encode(),
            content_type=_FHIR,
            timeout=_AUTHORIZATION_SECONDS,
        )
        # Payers label JSON in many ways; what counts is that it is FHIR.
        return read_claim_response(read_resource(answer.body, _FHIR), trace=request.trace)
