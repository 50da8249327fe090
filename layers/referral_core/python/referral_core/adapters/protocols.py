"""Which adapter speaks to a partner: the partner's configured protocol says so.

An HL7 v2 clinic or EHR is one more adapter in the mapping that the wiring hands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from referral_core.domain.directory import EhrSystem, Payer, Practitioner
from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message, OfferedReferral
from referral_core.domain.payers.requests import (
    AuthorizationRequest,
    AuthorizationResponse,
    EligibilityRequest,
    EligibilityResponse,
)
from referral_core.domain.referral import Notice, Referral
from referral_core.ports.lifecycle import Clinics, Ehr, Eligibility, PriorAuth

_Adapter = TypeVar("_Adapter")


class EligibilityByProtocol:
    """Asks each payer for eligibility by its `eligibility_protocol`."""

    def __init__(self, adapters: Mapping[str, Eligibility]) -> None:
        """Take the adapter of each protocol."""
        self._adapters = adapters

    def check(self, payer: Payer, inquiry: EligibilityRequest) -> EligibilityResponse:
        """Ask once."""
        protocol = payer.eligibility_protocol
        adapter = _chosen(self._adapters, protocol, f"payer {payer.id}", "eligibility_protocol")
        return adapter.check(payer, inquiry)


class PriorAuthByProtocol:
    """Asks each payer for authorization by its `authorization_protocol`."""

    def __init__(self, adapters: Mapping[str, PriorAuth]) -> None:
        """Take the adapter of each protocol."""
        self._adapters = adapters

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationResponse:
        """Submit once per trace."""
        protocol = payer.authorization_protocol
        adapter = _chosen(self._adapters, protocol, f"payer {payer.id}", "authorization_protocol")
        return adapter.submit(payer, request)


class ClinicsByProtocol:
    """Speaks to the clinic of each practitioner by the practitioner's `protocol`."""

    def __init__(self, adapters: Mapping[str, Clinics]) -> None:
        """Take the adapter of each protocol."""
        self._adapters = adapters

    def offer(self, offered: OfferedReferral) -> None:
        """Send the offer."""
        self._of(offered.performer).offer(offered)

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:
        """Tell the clinic that the offer is withdrawn."""
        self._of(practitioner).withdraw(practitioner, task_id, reason)

    def remind(self, practitioner: Practitioner, task_id: str, awaited: str) -> None:
        """Tell the clinic what its Task still waits for."""
        self._of(practitioner).remind(practitioner, task_id, awaited)

    def _of(self, practitioner: Practitioner) -> Clinics:
        whose = f"practitioner {practitioner.npi}"
        return _chosen(self._adapters, practitioner.protocol, whose, "protocol")


class EhrByProtocol:
    """Speaks to each EHR by its `protocol`."""

    def __init__(self, adapters: Mapping[str, Ehr]) -> None:
        """Take the adapter of each protocol."""
        self._adapters = adapters

    def notify(self, ehr: EhrSystem, referral: Referral, notice: Notice) -> None:
        """Deliver one notice."""
        self._of(ehr).notify(ehr, referral, notice)

    def show(self, ehr: EhrSystem, message: Message, at: datetime) -> None:
        """Show a message in the patient's portal."""
        self._of(ehr).show(ehr, message, at)

    def _of(self, ehr: EhrSystem) -> Ehr:
        return _chosen(self._adapters, ehr.protocol, f"EHR {ehr.id}", "protocol")


def _chosen(adapters: Mapping[str, _Adapter], protocol: str, whose: str, field: str) -> _Adapter:
    """Return the adapter of a partner's protocol.

    Raises:
        Permanent: there is none; the message says what to configure.
    """
    if protocol not in adapters:
        known = ", ".join(sorted(adapters))
        raise Permanent(f"The {field} of {whose} is {protocol!r}: configure one of {known}.")
    return adapters[protocol]
