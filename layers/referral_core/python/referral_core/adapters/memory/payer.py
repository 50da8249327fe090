"""A payer in memory: it answers the ports as a real one does, by a script per referral."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from threading import RLock
from typing import Final, Literal, NamedTuple, TypeVar

from referral_core.domain.directory import Payer
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.payers.requests import (
    AuthorizationRequest,
    AuthorizationResponse,
    EligibilityRequest,
    EligibilityResponse,
)

_Response = TypeVar("_Response", EligibilityResponse, AuthorizationResponse)


class PayerScript(NamedTuple):
    """How the payer behaves for one referral."""

    eligibility: Literal["active", "inactive", "unclear", "down-once", "down"] = "active"
    authorization: Literal[
        "A1", "A2", "A3", "A4-then-A1", "A4-then-A3", "not-required", "down-once", "down"
    ] = "A1"


_VERDICTS: Final = {
    "A1": AuthorizationVerdict.APPROVED,
    "A2": AuthorizationVerdict.NEEDS_REVIEW,
    "A3": AuthorizationVerdict.DENIED,
    "A4": AuthorizationVerdict.PENDED,
    "NA": AuthorizationVerdict.NOT_REQUIRED,
}
_NUMBERED: Final = frozenset({"A1", "A2"})


class MemoryPayer:
    """Both payer ports at once.

    Args:
        scripts: referral id → script; referrals not named here follow the default script.
    """

    def __init__(self, scripts: Mapping[str, PayerScript] | None = None) -> None:
        self._scripts = dict(scripts or {})
        self._lock = RLock()
        self._failed: set[tuple[str, str]] = set()
        self._requests: dict[str, AuthorizationRequest] = {}
        self._answers: dict[str, AuthorizationResponse] = {}

    def check(self, payer: Payer, inquiry: EligibilityRequest) -> EligibilityResponse:  # noqa: ARG002
        """Answer from the script; without a member id the payer finds nobody."""
        referral_id, script = self._script(inquiry.trace)
        self._fail_if_scripted("eligibility", referral_id, script.eligibility)
        if not inquiry.member_id:
            return _eligibility(EligibilityVerdict.UNCLEAR, None, reject_reason="72")
        if script.eligibility == "inactive":
            return _eligibility(EligibilityVerdict.INACTIVE, None)
        if script.eligibility == "unclear":
            return _eligibility(EligibilityVerdict.UNCLEAR, None, reject_reason="75")
        required = script.authorization != "not-required"
        return _eligibility(EligibilityVerdict.ACTIVE, required, in_network=True)

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationResponse:  # noqa: ARG002
        """Answer from the script, and a repeated trace as the first time."""
        _, script = self._script(request.trace)
        with self._lock:
            if request.trace in self._answers:
                return self._answers[request.trace]
            self._fail_if_scripted("authorization", request.referral_id, script.authorization)
            if not request.member_id:
                raise Permanent("The payer refuses the request.")
            first = script.authorization.partition("-then-")[0]
            action = {"not-required": "NA", "down-once": "A1"}.get(first, first)
            self._requests[request.trace] = request
            self._answers[request.trace] = _authorization(action, request)
            return self._answers[request.trace]

    def decide(self, trace: str) -> AuthorizationResponse:
        """Decide a pended request, as the payer's notification tells it days later."""
        _, script = self._script(trace)
        with self._lock:
            then = script.authorization.partition("-then-")[2]
            if then:
                self._answers[trace] = _authorization(then, self._requests[trace])
            return self._answers[trace]

    def _script(self, trace: str) -> tuple[str, PayerScript]:
        """Find the script of the referral that a trace begins with."""
        for referral_id, script in self._scripts.items():
            if trace == referral_id or trace.startswith(f"{referral_id}-"):
                return referral_id, script
        return trace, PayerScript()

    def _fail_if_scripted(self, service: str, referral_id: str, behaviour: str) -> None:
        with self._lock:
            if behaviour == "down-once" and (service, referral_id) in self._failed:
                return
            if behaviour in {"down", "down-once"}:
                self._failed.add((service, referral_id))
                raise Retryable("The payer cannot answer now.")


def _eligibility(
    verdict: EligibilityVerdict,
    authorization_required: bool | None,  # noqa: FBT001 - three-valued, as in the answer
    *,
    in_network: bool | None = None,
    reject_reason: str | None = None,
) -> EligibilityResponse:
    return _with_source(
        EligibilityResponse(
            verdict=verdict,
            authorization_required=authorization_required,
            in_network=in_network,
            reject_reason=reject_reason,
        )
    )


def _authorization(action: str, request: AuthorizationRequest) -> AuthorizationResponse:
    granted = action in _NUMBERED
    denied = action == "A3"
    response = AuthorizationResponse(
        verdict=_VERDICTS[action],
        review_action=action,
        trace=request.trace,
        number=f"AUTH{sha256(request.trace.encode()).hexdigest()[:8].upper()}" if granted else None,
        valid_from=request.service_from if granted else None,
        valid_to=request.service_to if granted else None,
        reason="necessity-not-shown" if denied else None,
        note="Send the clinical notes that show why the visit is needed." if denied else None,
    )
    return _with_source(response)


def _with_source(response: _Response) -> _Response:
    """Return a response with the document that it was read from, as a real payer sends one."""
    return response.but(source=response.model_dump_json(exclude={"source"}).encode())
