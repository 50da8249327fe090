"""Who saw what of whom, from where and why: every read, every refusal, every disclosure.

An entry holds no content: codes, ids of ours, and who.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.updates import Role


class Access(StrEnum):
    """What was done."""

    READ = "read"
    SEARCH = "search"
    WRITE = "write"
    DISCLOSE = "disclose"


class Purpose(StrEnum):
    """Why: HL7 v3's ActReason."""

    TREATMENT = "TREAT"
    PAYMENT = "HPAYMT"
    OPERATIONS = "HOPERAT"


PURPOSES: Final[Mapping[Role, Purpose]] = MappingProxyType(
    {
        Role.EHR: Purpose.TREATMENT,
        Role.CLINIC: Purpose.TREATMENT,
        Role.PAYER: Purpose.PAYMENT,
        Role.STAFF: Purpose.OPERATIONS,
        Role.FINANCE: Purpose.OPERATIONS,
    }
)
"""Why a caller of a role reads: what its part in the referral is."""


class Recipient(StrEnum):
    """To whom content goes out."""

    PAYER = "payer"
    CLINIC = "clinic"
    EHR = "ehr"
    VENDOR = "vendor"


class AuditEntry(Model):
    """One access.

    Attributes:
        id: of the access; one that shows several referrals is an entry of each.
        tenant: whose record it is; of a refused caller whom nobody knows, None.
        referral_id: whose content it shows; None where it names none.
        agent: client id or sign-in name of who asked; of a disclosure, the function.
        person: the agent's name in full, where it is a person.
        address: from which it was asked.
        operation: the route's, or what was sent.
        refused: the code of the refusal; None: it was granted.
        recipient, recipient_id: of a disclosure: to what kind of partner, and its id.
        correlation_id: of the request, or the execution.
    """

    id: str
    at: datetime
    tenant: Tenant | None
    referral_id: ReferralId | None = None
    access: Access
    agent: str
    role: Role | None = None
    organization: str | None = None
    person: str | None = None
    address: str | None = None
    operation: str
    purpose: Purpose | None = None
    refused: str | None = None
    recipient: Recipient | None = None
    recipient_id: str | None = None
    correlation_id: str | None = None


class AuditTrail(Protocol):
    """Where entries are kept; what is on record there nobody changes."""

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Put entries on record, at least once. Raises: Retryable, Permanent: some are not."""

    def of_referral(
        self, tenant: Tenant, referral_id: ReferralId, since: datetime, limit: int
    ) -> Sequence[AuditEntry]:
        """List the entries of a referral from an instant on, the latest first."""
