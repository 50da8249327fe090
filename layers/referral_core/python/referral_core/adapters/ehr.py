"""The referring provider's EHR behind the Ehr port."""

from __future__ import annotations

from typing import Final

from referral_core.adapters.http import HttpClient
from referral_core.domain.network import EhrSystem

_FHIR: Final = "application/fhir+json"
_SECONDS: Final = 10.0


class HttpEhr:
    """Puts Communications, notices and portal messages, so that a repeat overwrites itself."""

    def __init__(self, http: HttpClient) -> None:
        """Take the client for partners."""
        self._http = http

    def deliver(self, ehr: EhrSystem, notice_id: str, resource: bytes) -> None:
        """Deliver one Communication, whose id is the notice's or the message's."""
        self._http.send(
            "PUT",
            f"{ehr.notices_url.rstrip('/')}/Communication/{notice_id}",
            secret=ehr.secret,
            body=resource,
            content_type=_FHIR,
            timeout=_SECONDS,
        )
