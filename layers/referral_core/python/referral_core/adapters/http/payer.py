"""The payer over HTTP: eligibility as X12 270/271, prior authorization as Da Vinci PAS."""

from __future__ import annotations

from typing import Final

from referral_core.adapters.http.client import HttpClient
from referral_core.domain import exact_json
from referral_core.domain.directory import Payer
from referral_core.domain.payers.requests import (
    AuthorizationRequest,
    AuthorizationResponse,
    EligibilityRequest,
    EligibilityResponse,
)
from referral_core.fhir.parse import read_resource
from referral_core.fhir.pas.claim import claim_bundle
from referral_core.fhir.pas.response import read_claim_response
from referral_core.ports.lifecycle import Clock
from referral_core.x12.eligibility_request import write_270
from referral_core.x12.eligibility_response import read_271

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

    def check(self, payer: Payer, inquiry: EligibilityRequest) -> EligibilityResponse:
        """Post a 270 and read the 271 that comes back, which is kept as it came."""
        response = self._http.send(
            "POST",
            payer.eligibility_url,
            secret=payer.secret,
            body=write_270(inquiry, payer, self._clock.now()).encode(),
            content_type=_X12,
            timeout=_ELIGIBILITY_SECONDS,
        )
        text = response.body.decode("utf-8", errors="replace")
        read = read_271(
            text,
            service_type=inquiry.service_type,
            trace=inquiry.trace,
            service_date=inquiry.service_date,
        )
        return read.but(source=response.body)


class HttpPriorAuth:
    """The port `PriorAuth` over HTTP."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationResponse:
        """Post a PAS request Bundle and read the ClaimResponse that comes back, kept as it came."""
        response = self._http.send(
            "POST",
            f"{payer.authorization_url.rstrip('/')}/Claim/$submit",
            secret=payer.secret,
            body=exact_json.dumps(claim_bundle(request, payer)).encode(),
            content_type=_FHIR,
            timeout=_AUTHORIZATION_SECONDS,
        )
        # Payers label JSON in many ways; what counts is that it is FHIR.
        read = read_claim_response(read_resource(response.body, _FHIR), trace=request.trace)
        return read.but(source=response.body)
