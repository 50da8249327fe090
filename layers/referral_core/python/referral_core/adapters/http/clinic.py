"""Clinics' FHIR endpoints behind the Clinics port."""

from __future__ import annotations

import json
from typing import Final

from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.taken import require_taken
from referral_core.domain import exact_json
from referral_core.domain.directory import Practitioner
from referral_core.domain.messages import OfferedReferral
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.outbound.task_changes import reminder, withdrawal
from referral_core.fhir.parse import Json

_FHIR: Final = "application/fhir+json"
_SECONDS: Final = 10.0


class HttpClinics:
    """Offers and withdraws by writing resources under our ids, so that a repeat changes nothing."""

    def __init__(self, http: HttpClient) -> None:
        """Take the client for partners."""
        self._http = http

    def offer(self, offered: OfferedReferral) -> None:
        """Send Task B with all that the clinic needs to decide.

        It is one transaction of PUTs, posted to the endpoint's base: all of it is there, or
        nothing.
        """
        performer, payload = offered.performer, offered.payload
        bundle = offer_bundle(offered.referral, performer, payload)
        body = exact_json.dumps(bundle).encode()
        self._send("POST", _base(performer), performer.secret, body)

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:
        """Send Task B as cancelled."""
        self._put(practitioner, withdrawal(task_id, practitioner, reason))

    def remind(self, practitioner: Practitioner, task_id: str, awaited: str) -> None:
        """Send Task B with what is awaited of the clinic."""
        self._put(practitioner, reminder(task_id, practitioner, awaited))

    def _put(self, practitioner: Practitioner, task: Json) -> None:
        url = f"{_base(practitioner)}/Task/{task['id']}"
        self._send("PUT", url, practitioner.secret, json.dumps(task).encode())

    def _send(self, method: str, url: str, secret: str, body: bytes) -> None:
        response = self._http.send(
            method, url, secret=secret, body=body, content_type=_FHIR, timeout=_SECONDS
        )
        require_taken(response, url)


def _base(practitioner: Practitioner) -> str:
    return practitioner.clinic_url.rstrip("/")
