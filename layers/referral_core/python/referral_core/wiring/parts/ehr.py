"""The referring providers' EHRs, each by its protocol."""

from __future__ import annotations

from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.protocols import EhrByProtocol
from referral_core.ports.lifecycle import Ehr
from referral_core.wiring.parts.partners import http


def ehr(base_url: str = "") -> Ehr:
    """Return the EHRs.

    Args:
        base_url: of our API, which notices link to; messages to patients link to nothing.
    """
    return EhrByProtocol({"fhir-communication": HttpEhr(http("ehr"), base_url)})
