"""Clinics' FHIR endpoints behind the Clinics port."""

from __future__ import annotations

import json
from typing import Final

from referral_core.adapters.http import HttpClient
from referral_core.domain.network import Practitioner
from referral_core.fhir.withdrawals import withdrawal
from referral_core.ports import OfferedReferral

_FHIR: Final = "application/fhir+json"
_SECONDS: Final = 10.0


class HttpClinics:
    """Offers and withdraws referrals by PUT, so that a repeat changes nothing."""

    def __init__(self, http: HttpClient) -> None:
        """Take the client for partners."""
        self._http = http

    def offer(self, practitioner: Practitioner, offered: OfferedReferral) -> None:
        """Send Task B with all that the clinic needs to decide."""
        self._put(practitioner, offered.task_id, offered.bundle)

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:
        """Send Task B as cancelled."""
        body = json.dumps(withdrawal(task_id, practitioner, reason)).encode()
        self._put(practitioner, task_id, body)

    def _put(self, practitioner: Practitioner, task_id: str, body: bytes) -> None:
        self._http.send(
            "PUT",
            f"{practitioner.clinic_url}/Task/{task_id}",
            secret=practitioner.secret,
            body=body,
            content_type=_FHIR,
            timeout=_SECONDS,
        )
