"""The patient portal behind the Messenger port: a Communication in the EHR that runs it."""

from __future__ import annotations

import json

from referral_core.domain.errors import Final as FinalError
from referral_core.fhir.portal_messages import portal_message
from referral_core.ports import Clock, Directory, Ehr, Message


class PortalMessages:
    """Puts messages into the EHR, which shows them to the patient.

    They are put under their reference, so that a repeat overwrites itself: nothing is ambiguous.
    """

    def __init__(self, ehr: Ehr, directory: Directory, clock: Clock) -> None:
        """Take the EHRs, their configuration and the time."""
        self._ehr = ehr
        self._directory = directory
        self._clock = clock

    def send(self, message: Message) -> int:
        """Deliver one message; return 1.

        Raises:
            Retryable: the EHR cannot take it now.
            Final: the EHR refuses it, or is unknown.
        """
        if message.channel != "portal":
            raise FinalError(f"A portal takes nothing by {message.channel}.")
        system = self._directory.ehr(message.tenant, message.to)
        communication = portal_message(message, self._clock.now())
        self._ehr.deliver(system, message.reference, json.dumps(communication).encode())
        return 1
