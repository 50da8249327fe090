"""The patient portal behind the Messenger port: the EHR that runs it shows the message."""

from __future__ import annotations

from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message
from referral_core.ports.lifecycle import Clock, Directory, Ehr


class PortalMessages:
    """Hands messages to the EHR, which shows them to the patient.

    They are known there by their reference, so that a repeat overwrites itself: whether one was
    delivered is never unknown.
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
            Permanent: the EHR refuses it, or is unknown.
        """
        if message.channel != "portal":
            raise Permanent(f"A portal takes nothing by {message.channel}.")
        system = self._directory.ehr(message.tenant, message.to)
        self._ehr.show(system, message, self._clock.now())
        return 1
