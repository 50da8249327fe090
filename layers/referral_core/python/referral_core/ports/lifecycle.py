"""What the steps need from the outside, as Protocols; adapters/ has two of each.

Every port is at-least-once safe: its calls carry identifiers that make a repeat harmless, or say
in the docstring that they cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # A port is loaded for its name: what it carries is not.
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from referral_core.domain.access.principal import Principal
    from referral_core.domain.directory import EhrSystem, Listed, Payer, Practitioner, TenantProfile
    from referral_core.domain.effects import RoutingDecision
    from referral_core.domain.events import Event
    from referral_core.domain.ids import ReferralId, Tenant
    from referral_core.domain.lifecycle import Next
    from referral_core.domain.messages import Message, OfferedReferral
    from referral_core.domain.new_referral import ExistingKey, Key, NewReferral
    from referral_core.domain.pause import Pause
    from referral_core.domain.payers.requests import (
        AuthorizationRequest,
        AuthorizationResponse,
        EligibilityRequest,
        EligibilityResponse,
    )
    from referral_core.domain.referral import Notice, Referral
    from referral_core.domain.routing.published import PublishedMarket
    from referral_core.domain.run import (
        ClosingRequest,
        Delivery,
        NoticeRequest,
        Run,
        WaitlistRequest,
    )
    from referral_core.domain.slots import SlotWeek
    from referral_core.domain.terminology import Overrides
    from referral_core.domain.waitlist import Waiting
    from referral_core.domain.writes import Commit, ReferralState


class Clock(Protocol):
    """The one source of business time."""

    def now(self) -> datetime:
        """Return the business instant, in UTC."""

    def grace(self) -> timedelta:
        """Return how long a running step may be silent, in business time."""


# --- the record ---------------------------------------------------------------------------


class DueIndex(Protocol):
    """What is due, of all tenants: what the watchdog reads, and how it sets back what fails."""

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over open referrals that are due, read `limit` at once."""

    def oldest(self, before: datetime) -> datetime | None:
        """Return since when the referral is due that waits for the longest; None: none is."""

    def set_back(self, tenant: Tenant, referral_id: ReferralId, now: datetime) -> int:
        """Let a referral that could not be processed rest, the longer the more often it fails.

        Returns:
            How often it has failed since it was last written; 0: it is not due any more.
        """


class NewReferrals(Protocol):
    """What intake needs of the record: to write what is new, and to read what a repeat repeats."""

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all arrivals in one transaction, or nothing and return the locks taken."""

    def taken(self, tenant: Tenant, key: Key) -> ExistingKey | None:
        """Read a lock; None when nobody holds it."""

    def identified(self, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
        """List the referrals that have an identifier, as their own number or with others."""

    def load(self, tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        """Read a referral and its mailbox, strongly consistent. Raises: NotFound."""

    def payload(self, referral: Referral) -> bytes:
        """Read the clinical payload (decompressed JSON)."""


class Referrals(NewReferrals, Protocol):
    """The table: the record, which is also the outbox."""

    def those_of(self, tenant: Tenant, ids: Sequence[ReferralId]) -> Sequence[Referral]:
        """Read some referrals, strongly consistent, in their order; who is not there is left out.

        Raises:
            Retryable: the table throttles.
        """

    def has_update(self, tenant: Tenant, referral_id: ReferralId, update_id: str) -> bool:
        """Whether an update of this id is on record."""

    def commit(self, commit: Commit) -> None:
        """Write one commit, conditional on run, version and mailbox version.

        Raises:
            Conflict: another writer was first.
            StaleRun: a newer run is at work.
            DuplicateUpdate: the update is on record already.
            NoCapacity: the week to hold is full.
            MessageNotAllowed: the patient got a message today already, or wants none.
            KeyTaken: a number that is to be this referral's is another one's.
        """

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read a referral's events, oldest first."""

    def routing_decisions(
        self, tenant: Tenant, referral_id: ReferralId
    ) -> Sequence[RoutingDecision]:
        """Read a referral's routing decisions, oldest first."""

    def messaged(self, tenant: Tenant, contact_hash: str, since: date) -> Mapping[date, str]:
        """Return the message (its reference) of each of the patient's days, from `since` on."""

    def opt_out(self, tenant: Tenant, contact_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list: no message is sent to it from now on."""

    def opt_in(self, tenant: Tenant, contact_hash: str) -> None:
        """Take a number off the opt-out list: its patient wants messages again."""

    def opted_out(self, tenant: Tenant, contact_hash: str) -> bool:
        """Whether a number is on the opt-out list."""

    def waiting(self, tenant: Tenant, specialty: str) -> Iterable[Waiting]:
        """Iterate over the referrals that wait for a specialty, in the order of their turns."""

    def by_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the open referrals that a phone number (hashed) belongs to."""

    def with_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the referrals that a phone number (hashed) belongs to, closed ones too."""


class Directory(Protocol):
    """Configuration items: who takes part."""

    def principal(self, client_id: str) -> Principal:
        """Read the principal of a verified client id. Raises: Forbidden when unknown."""

    def people(self, tenant: Tenant) -> Sequence[Principal]:
        """List the tenant's people: the principals of those who sign in."""

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile."""

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List what operations hold back of the tenant's work."""

    def payer(self, tenant: Tenant, payer_id: str) -> Payer:
        """Read one payer. Raises: NotFound."""

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""

    def ehr(self, tenant: Tenant, ehr_id: str) -> EhrSystem:
        """Read one EHR system. Raises: NotFound."""

    def practitioner(self, tenant: Tenant, specialty: str, npi: str) -> Practitioner | None:
        """Read one practitioner; None when the directory does not list them (any more)."""

    def practitioners(self, tenant: Tenant, specialty: str) -> Sequence[Practitioner]:
        """List the directory's practitioners of a NUCC specialty."""

    def market(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read the published market of a specialty, perhaps a minute old; None: there is none."""

    def listed(
        self, tenant: Tenant, entries: Sequence[tuple[str, str]], weeks: Sequence[str]
    ) -> Sequence[Listed]:
        """Read some entries, by (specialty, NPI), as they are now; who is gone is left out."""

    def entries_of(self, tenant: Tenant, npi: str) -> Sequence[Practitioner]:
        """List the directory's entries of one NPI: one a specialty."""

    def overrides(self, tenant: Tenant, keys: Sequence[str]) -> Overrides:
        """Read what the tenant kept of what these codes or words of orders mean."""

    def reserved(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, int]:
        """Read how many holds each ISO week has for a practitioner."""

    def slots(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, SlotWeek]:
        """Read what was published of some ISO weeks that follow each other."""


class Documents(Protocol):
    """The document store: content under its hash, so that writing twice is writing once."""

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document; return its SHA-256 in hex."""


# --- the payer ----------------------------------------------------------------------------


class Eligibility(Protocol):
    """The payer's eligibility service. A query: repeating it is harmless."""

    def check(self, payer: Payer, inquiry: EligibilityRequest) -> EligibilityResponse:
        """Ask once. Raises: Retryable (down, slow, AAA 42 or 80), Permanent (it refuses)."""


class PriorAuth(Protocol):
    """The payer's prior-authorization service (Da Vinci PAS)."""

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationResponse:
        """Submit once per trace; a repeat is answered alike. Raises: Retryable, Permanent (4xx)."""


# --- the clinic, the patient, the EHR --------------------------------------------------------


class Clinics(Protocol):
    """The specialist clinics' FHIR endpoints."""

    def offer(self, offered: OfferedReferral) -> None:
        """Send the offer: repeating is harmless. Raises: Retryable, Permanent."""

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:
        """Tell the clinic that the offer is withdrawn or the referral cancelled."""

    def remind(self, practitioner: Practitioner, task_id: str, awaited: str) -> None:
        """Tell the clinic what its Task still waits for: a code, never a text."""


class Messenger(Protocol):
    """All channels to patients. Sending twice may send two: callers record before they send."""

    def send(self, message: Message) -> int:
        """Send; return metered units. Raises: Retryable (unsent), DeliveryUnknown, Permanent."""


class OptOuts(Protocol):
    """The carrier's own opt-out list, a second lock: the table's list is the authority."""

    def add(self, number: str) -> None:
        """Put a number (E.164) on it; twice is once. Raises: Retryable, Permanent."""

    def remove(self, number: str) -> None:
        """Take a number (E.164) off it; twice is once. Raises: Retryable, Permanent."""


class Ehr(Protocol):
    """The referring provider's EHR."""

    def notify(self, ehr: EhrSystem, referral: Referral, notice: Notice) -> None:
        """Deliver one notice: repeating is harmless. Raises: Retryable, Permanent."""

    def show(self, ehr: EhrSystem, message: Message, at: datetime) -> None:
        """Show a message in the patient's portal: repeating is harmless. Raises: as `notify`."""


class Notices(Protocol):
    """The queue of notices to be delivered; holds ids only."""

    def enqueue(self, request: NoticeRequest) -> None:
        """Ask for the delivery of a notice; asking twice delivers once. Raises: Retryable."""


class WaitlistRequests(Protocol):
    """The queue of places that opened, and of those that are there no more; holds ids only."""

    def enqueue(self, request: WaitlistRequest | ClosingRequest) -> None:
        """Ask for it to be served; asking twice serves it once. Raises: Retryable."""


# --- the state machine ------------------------------------------------------------------------


class Workflow(Protocol):
    """Step Functions."""

    def start(self, run: Run) -> None:
        """Start the execution of a referral's run; one that exists already is a success."""

    def complete_task(self, token: str, following: Next) -> Delivery:
        """Complete a waiting task; never raises: what is lost is sent again by the sweep."""

    def fail_task(self, token: str, error: str) -> Delivery:
        """Report a waiting task as failed, so that its state is retried or caught."""
