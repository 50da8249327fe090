"""The referring provider's EHR behind the Ehr port: FHIR Communications, written by PUT."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.taken import require_taken
from referral_core.domain.directory import EhrSystem
from referral_core.domain.messages import Message
from referral_core.domain.referral import Notice, Referral
from referral_core.fhir.outbound.portal_messages import portal_message
from referral_core.fhir.outbound.responses import notice_communication
from referral_core.fhir.parse import Json

_FHIR: Final = "application/fhir+json"
_SECONDS: Final = 10.0


class HttpEhr:
    """Puts Communications, notices and portal messages, so that a repeat overwrites itself."""

    def __init__(self, http: HttpClient, base_url: str) -> None:
        """Take the client for partners and the address of our API, which notices link to."""
        self._http = http
        self._fhir_url = f"{base_url.rstrip('/')}/fhir"

    def notify(self, ehr: EhrSystem, referral: Referral, notice: Notice) -> None:
        """Deliver one notice."""
        self._put(ehr, notice_communication(referral, notice, self._fhir_url))

    def show(self, ehr: EhrSystem, message: Message, at: datetime) -> None:
        """Show a message in the patient's portal."""
        self._put(ehr, portal_message(message, at))

    def _put(self, ehr: EhrSystem, communication: Json) -> None:
        url = f"{ehr.notices_url.rstrip('/')}/Communication/{communication['id']}"
        response = self._http.send(
            "PUT",
            url,
            secret=ehr.secret,
            body=json.dumps(communication).encode(),
            content_type=_FHIR,
            timeout=_SECONDS,
        )
        require_taken(response, url)
