"""Who saw what of whom, from where and why: every read, every refusal, every disclosure.

An entry holds no content: codes, ids of ours, and who.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.update_kinds import Role


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
        unmatched: the item whose content it shows, of what belongs to no referral yet.
        agent: client id or sign-in name of who asked; of a disclosure, the function.
        person: the agent's name in full, where it is a person.
        address: from which it was asked.
        operation: the route's, or what was sent.
        refused: the code of the refusal; None: it was granted.
        is_asked: of an act, on record before it is done: whether it was, nobody knows yet.
        recipient, recipient_id: of a disclosure: to what kind of partner, and its id.
        correlation_id: of the request, or the execution.
    """

    id: str
    at: datetime
    tenant: Tenant | None = None
    referral_id: ReferralId | None = None
    unmatched: str | None = None
    access: Access
    agent: str
    role: Role | None = None
    organization: str | None = None
    person: str | None = None
    address: str | None = None
    operation: str
    purpose: Purpose | None = None
    refused: str | None = None
    is_asked: bool = False
    recipient: Recipient | None = None
    recipient_id: str | None = None
    correlation_id: str | None = None

    @property
    def place(self) -> str:
        """Where it stands among others: the instant, then the access."""
        return f"{instant_text(self.at)}#{self.id}"


def instant_text(at: datetime) -> str:
    """Return an instant as places begin with it: text that is sorted by time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Stretch(NamedTuple):
    """Which part of a list of entries is read, the latest first.

    Attributes:
        since: nothing before this instant.
        before: nothing at this place or after it; None: from the latest on.
        limit: how many entries at most.
    """

    since: datetime
    before: str | None
    limit: int

    def of(self, entries: Iterable[AuditEntry]) -> Sequence[AuditEntry]:
        """Return the part of entries that are all at hand, in whatever order."""
        found = [
            entry
            for entry in entries
            if entry.at >= self.since and (self.before is None or entry.place < self.before)
        ]
        return sorted(found, key=lambda entry: entry.place, reverse=True)[: self.limit]


class AuditTrail(Protocol):
    """Where entries are kept; what is on record there nobody changes."""

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Put entries on record, at least once. Raises: Retryable, Permanent: some are not."""

    def of_referral(
        self, tenant: Tenant, referral_id: ReferralId, stretch: Stretch
    ) -> Sequence[AuditEntry]:
        """List entries of a referral, the latest first."""

    def of_day(self, tenant: Tenant, day: date, stretch: Stretch) -> Sequence[AuditEntry]:
        """List entries of a day (of UTC) that name no referral, the latest first."""
