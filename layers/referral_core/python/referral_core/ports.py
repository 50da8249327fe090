"""What the steps need from the outside, as Protocols; adapters/ has two of each.

Every port is at-least-once safe: its calls carry identifiers that make a repeat harmless, or say
in the docstring that they cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from referral_core.domain.mailbox import Mailbox
from referral_core.domain.model import Record, ReferralId, Tenant
from referral_core.domain.network import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.outreach import Channel
from referral_core.domain.principal import Principal
from referral_core.domain.referral import (
    Change,
    EligibilityVerdict,
    Event,
    Hold,
    Notice,
    Referral,
)
from referral_core.domain.updates import Update


class Clock(Protocol):
    """The one source of business time."""

    def now(self) -> datetime:
        """Return the business instant, in UTC."""

    def grace(self) -> timedelta:
        """Return how long a running step may be silent, in business time."""


# --- the record ---------------------------------------------------------------------------


class Loaded(Record):
    """A referral read together with its mailbox, at one consistent point."""

    referral: Referral
    mailbox: Mailbox


class Evidence(Record):
    """What proves a fact: the document's hash, where it came from and when."""

    sha256: str
    kind: str
    source: str
    received_at: datetime
    content_type: str
    size: int


class RoutingDecision(Record):
    """Why this performer: kept for every routing, whatever comes of it.

    Attributes:
        candidates: npi → score and its parts, best first.
        exclusions: npi → the hard filter that excluded it.
        shown: the list that the patient was to be shown, where the law wants one.
    """

    number: int
    at: datetime
    policy: str
    chosen: str | None
    candidates: tuple[Mapping[str, str | float], ...]
    exclusions: Mapping[str, str]
    shown: tuple[str, ...] = ()


class MessageSlot(Record):
    """The right to message a patient on a day: nobody else may, and an opt-out forbids it.

    Attributes:
        phone_hash: of the patient's number (of the email address where there is none).
        day: the patient's own.
        reference: of the message; the same one may take the slot again.
        stoppable: whether an opt-out forbids it: texts and calls, not emails.
    """

    phone_hash: str
    day: date
    reference: str
    stoppable: bool = True


class Commit(Record):
    """One atomic write: the change, the mailbox, and whatever else must be true with them.

    Attributes:
        mailbox_before: the mailbox read; the write is conditional on its version.
        mailbox: the next mailbox, or None to leave it untouched.
        update: the update to record, exactly once by its id.
        payload: a new version of the clinical payload (JSON-ready), stored compressed.
        phone_hash: a (hashed) phone number under which the referral can be found from now on.
        slot: the message about to be sent; the write fails with `NotNow` when the patient got one
            today, or wants none.
        hold: capacity to take; the write fails with `NoCapacity` when the week is full.
        release: capacity to give back.
    """

    change: Change
    mailbox_before: Mailbox
    mailbox: Mailbox | None = None
    update: Update | None = None
    payload: bytes | None = None
    decision: RoutingDecision | None = None
    evidence: Evidence | None = None
    phone_hash: str | None = None
    slot: MessageSlot | None = None
    hold: Hold | None = None
    hold_capacity: int = 0
    release: Hold | None = None


class NoCapacity(Exception):
    """The week that was to be held is full."""


class NotNow(Exception):
    """The patient got a message today already, or wants none."""


class KeyKind(StrEnum):
    """What makes two posts one referral."""

    PLACER = "placer"
    IDEMPOTENCY = "idempotency"
    CONTENT = "content"


class Key(Record):
    """One uniqueness lock and the content it was taken with."""

    kind: KeyKind
    value: str
    content_hash: str


class Arrival(Record):
    """A referral about to be accepted: all of it is written, or nothing."""

    referral: Referral
    event: Event
    payload: bytes
    keys: tuple[Key, ...]
    phone_hash: str | None = None


class Taken(Record):
    """A lock that was there already."""

    key: Key
    referral_id: ReferralId
    content_hash: str


class Referrals(Protocol):
    """The table: the record, which is also the outbox."""

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        """Write all arrivals in one transaction, or nothing and return the locks taken."""

    def taken(self, tenant: Tenant, key: Key) -> Taken | None:
        """Read a lock; None when nobody holds it."""

    def load(self, tenant: Tenant, referral_id: ReferralId) -> Loaded:
        """Read a referral and its mailbox, strongly consistent.

        Raises:
            NotFound: the tenant has no such referral.
        """

    def payload(self, referral: Referral) -> bytes:
        """Read the clinical payload (decompressed JSON)."""

    def commit(self, commit: Commit) -> None:
        """Write one commit, conditional on run, version and mailbox version.

        Raises:
            Conflict: another writer was first.
            StaleRun: a newer run carries the referral.
            NoCapacity: the week to hold is full.
            NotNow: the patient got a message today already, or wants none.
        """

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over open referrals of all tenants that are due, read `limit` at once."""

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read a referral's events, oldest first."""

    def messaged(self, tenant: Tenant, phone_hash: str, since: date) -> Mapping[date, str]:
        """Return the message (its reference) of each of the patient's days, from `since` on."""

    def opt_out(self, tenant: Tenant, phone_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list: no message is sent to it from now on."""

    def opted_out(self, tenant: Tenant, phone_hash: str) -> bool:
        """Whether a number is on the opt-out list."""

    def by_phone(self, tenant: Tenant, phone_hash: str) -> Sequence[ReferralId]:
        """List the open referrals that a phone number (hashed) belongs to."""


class Directory(Protocol):
    """Configuration items: who takes part."""

    def principal(self, client_id: str) -> Principal:
        """Read the principal of a verified client id. Raises: Forbidden when unknown."""

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile."""

    def payer(self, tenant: Tenant, payer_id: str) -> Payer:
        """Read one payer. Raises: NotFound."""

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""

    def ehr(self, tenant: Tenant, ehr_id: str) -> EhrSystem:
        """Read one EHR system. Raises: NotFound."""

    def specialists(self, tenant: Tenant, specialty: str) -> Sequence[Practitioner]:
        """List the directory's practitioners of a NUCC specialty."""

    def held(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, int]:
        """Read how many holds each ISO week has for a practitioner."""


class Documents(Protocol):
    """The document store: content under its hash, so that writing twice is writing once."""

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document; return its SHA-256 in hex."""


# --- the payer ----------------------------------------------------------------------------


class EligibilityInquiry(Record):
    """What a 270 needs, at least. PHI: never logged, never stored outside the payload."""

    trace: str
    provider_npi: str
    provider_name: str
    member_id: str
    family: str
    given: str
    birth_date: date
    gender: str | None
    service_type: str
    service_date: date


class EligibilityAnswer(Record):
    """What a 271 says, reduced to what routing needs.

    Attributes:
        authorization_required: EB11; None when the payer does not say (U).
        in_network: EB12; None when the payer does not say.
        reject_reason: AAA03 when the payer could not answer.
    """

    verdict: EligibilityVerdict
    authorization_required: bool | None
    in_network: bool | None
    reject_reason: str | None


class Eligibility(Protocol):
    """The payer's eligibility service. A query: repeating it is harmless."""

    def check(self, payer: Payer, inquiry: EligibilityInquiry) -> EligibilityAnswer:
        """Ask once. Raises: Retryable (down, slow, AAA 42 or 80), Final (it refuses)."""


class AuthorizationRequest(Record):
    """What PAS `Claim/$submit` needs. PHI.

    Attributes:
        trace: our identifier of the request (TRN): a repeat with it is the same request.
        service_type: X12 service type (data element 1365), `3` is a consultation.
        request_type: X12 request category (data element 1525).
    """

    trace: str
    referral_id: ReferralId
    created: datetime
    urgent: bool
    patient_family: str
    patient_given: str
    birth_date: date
    gender: str | None
    member_id: str
    provider_organization: str
    provider_npi: str
    performer_npi: str
    performer_name: str
    service_system: str | None
    service_code: str | None
    service_text: str
    diagnoses: tuple[tuple[str, str], ...]
    service_from: date
    service_to: date
    service_type: str = "3"
    request_type: str = "SC"


class AuthorizationVerdict(StrEnum):
    """The review action, as the router reads it."""

    APPROVED = "approved"
    DENIED = "denied"
    PENDED = "pended"
    NOT_REQUIRED = "not-required"
    NEEDS_REVIEW = "needs-review"


class AuthorizationAnswer(Record):
    """What the payer's ClaimResponse says, read from the review action and never from outcome.

    Attributes:
        reason: the payer's reason codes, free of PHI.
        note: the payer's own words, which may hold PHI: for a person's eyes, never the projection.
    """

    verdict: AuthorizationVerdict
    review_action: str
    trace: str
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str | None = None
    note: str | None = None


class PriorAuth(Protocol):
    """The payer's prior-authorization service (Da Vinci PAS)."""

    def submit(self, payer: Payer, request: AuthorizationRequest) -> AuthorizationAnswer:
        """Submit once per trace; a repeat is answered alike. Raises: Retryable, Final (4xx)."""


# --- the clinic, the patient, the EHR --------------------------------------------------------


class OfferedReferral(Record):
    """What the clinic receives: Task B, the child ServiceRequest and the clinical content. PHI."""

    tenant: Tenant
    referral_id: ReferralId
    task_id: str
    bundle: bytes


class Clinics(Protocol):
    """The specialist clinics' FHIR endpoints."""

    def offer(self, practitioner: Practitioner, offered: OfferedReferral) -> None:
        """Send Task B in a transaction of PUTs: repeating is harmless. Raises: Retryable, Final."""

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:
        """Tell the clinic that the offer is withdrawn or the referral cancelled."""

    def remind(self, practitioner: Practitioner, task_id: str, awaited: str) -> None:
        """Tell the clinic what its Task still waits for: a code, never a text."""


class Message(Record):
    """One message to one patient. PHI.

    Attributes:
        to: E.164 for sms and voice; an address for email; name and postal lines, newline
            separated, for a letter; the EHR system's id for the portal.
        language: of the text, ISO 639-1.
        reference: marks referral and attempt (`-c`) or reminder, without PHI.
        patient: for the portal, a FHIR Reference to the patient that holds outside the order.
        order: for the portal, the placer's identifier of the order (`system|value`).
    """

    tenant: Tenant
    referral_id: ReferralId
    channel: Channel
    to: str
    subject: str | None = None
    body: str
    language: str = "en"
    reference: str
    patient: Mapping[str, Any] | None = None
    order: str | None = None


class Messenger(Protocol):
    """All channels to patients. Sending twice may send two: callers record before they send."""

    def send(self, message: Message) -> int:
        """Send; return the metered units (SMS parts, else 1).

        Raises: Retryable (surely not sent), Ambiguous, Final (refused, or no such channel).
        """


class OptOuts(Protocol):
    """The carrier's own opt-out list, a second lock: the table's list is the authority."""

    def add(self, number: str) -> None:
        """Put a number (E.164) on it; putting twice is putting once. Raises: Retryable, Final."""


class Ambiguous(Exception):
    """The message may or may not have been sent: a person must look."""


class Ehr(Protocol):
    """The referring provider's EHR."""

    def deliver(self, ehr: EhrSystem, notice_id: str, resource: bytes) -> None:
        """Deliver one notice (PUT by id: repeating is harmless). Raises: Retryable, Final."""


class Notices(Protocol):
    """The queue of notices to be delivered; holds ids only."""

    def enqueue(self, tenant: Tenant, referral_id: ReferralId, notice: Notice) -> None:
        """Ask for delivery; asking twice delivers once."""


# --- the state machine ------------------------------------------------------------------------


class Delivery(StrEnum):
    """What became of an answer sent to the state machine."""

    DELIVERED = "delivered"
    NOBODY_WAITS = "nobody-waits"
    UNKNOWN = "unknown"


class Workflow(Protocol):
    """Step Functions."""

    def start(self, referral: Referral) -> None:
        """Start the execution of the referral's run; one that exists already is a success."""

    def answer(self, token: str, outcome: str) -> Delivery:
        """Answer a waiting step; never raises: a lost answer is sent again by the sweep."""

    def fault(self, token: str, error: str) -> Delivery:
        """Tell a waiting step's state that its function failed, so that it is retried or caught."""
