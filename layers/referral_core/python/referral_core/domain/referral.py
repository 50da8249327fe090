"""The referral: four regions, one public status, an owner and a due time; and its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from referral_core.domain.lifecycle import (
    COMPLETED,
    RESPONSIBLE,
    Outcome,
    Party,
    Queue,
    Status,
    Step,
    require_legal,
)
from referral_core.domain.model import Record, ReferralId, Tenant
from referral_core.domain.work import Reason

EVENT_SCHEMA_VERSION: Final = 1


class EligibilityVerdict(StrEnum):
    """What the payer said of the coverage; `unclear` never counts as no."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNCLEAR = "unclear"


class Eligibility(Record):
    """The last answered 270/271 inquiry."""

    verdict: EligibilityVerdict
    payer: str
    checked_at: datetime
    authorization_required: bool | None = None
    reason: str | None = None


class AuthorizationStatus(StrEnum):
    """Where prior authorization stands."""

    NOT_REQUIRED = "not-required"
    SUBMITTED = "submitted"
    PENDED = "pended"
    APPROVED = "approved"
    DENIED = "denied"


class Authorization(Record):
    """One PAS request for one performer; a re-route to another performer starts a new one."""

    status: AuthorizationStatus
    trace: str
    performer: str
    requested_at: datetime
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    denial_reason: str | None = None


class Hold(Record):
    """One unit of a practitioner's weekly capacity, held for this referral until released."""

    npi: str
    week: str


class Offer(Record):
    """The performer the referral is (or was) routed to; Task B is its FHIR face."""

    number: int
    npi: str
    organization: str
    specialty: str
    hold: Hold | None
    decision: int
    answer: Literal["open", "accepted", "declined", "silent", "withdrawn"] = "open"
    reason: str | None = None


class Contact(Record):
    """One attempt to reach the patient.

    `sending` is written before the channel is called: an attempt found in it is ambiguous and
    never sent again blindly.
    """

    number: int
    channel: str
    at: datetime
    state: Literal["sending", "sent", "failed", "ambiguous"]
    parts: int = 0


class Appointment(Record):
    """The visit the clinic booked."""

    number: int
    start: datetime
    status: Literal["booked", "fulfilled", "noshow", "cancelled"] = "booked"


class Report(Record):
    """The consult report that closes the loop; the document itself is stored under its hash."""

    sha256: str
    loinc: str
    received_at: datetime
    sufficient: bool


class Notice(Record):
    """The word to the referring provider about how it ended."""

    number: int
    outcome: Outcome
    queued_at: datetime
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    undeliverable: bool = False

    @property
    def reached(self) -> bool:
        """Whether the referrer has it, as far as anybody knows."""
        return self.delivered_at is not None and not self.undeliverable


class WorkItem(Record):
    """Why a person must look, and what that person may do.

    Attributes:
        resume_at: the step that was at work when it was opened.
    """

    reason: Reason
    opened_at: datetime
    resume_at: Step
    actions: tuple[str, ...]


class Referral(Record):
    """The projection of one referral: no PHI, everything an operator's list shows.

    Attributes:
        run: counts executions; every write is conditional on it (the fence).
        version: rises by one with every change; equals the number of the last event.
        phase: the step that carries the referral now, where a new run resumes.
        why: one sentence, no PHI: why it waits and what would move it.
        revised_at: when its author last sent another version of the order.
        contacts_before: attempts made before the last rebooking, which starts a new series.
        closing: the outcome that VerifyClosure is to verify, once one is proposed.
    """

    tenant: Tenant
    id: ReferralId
    run: int = 1
    version: int = 1
    status: Status = Status.RECEIVED
    phase: Step = Step.CHECK_READINESS
    pathway: str
    pathway_version: int
    priority: str = "routine"
    referrer: str
    placer_identifier: str | None = None
    payload_version: int = 1
    authored_at: datetime | None = None
    received_at: datetime
    revised_at: datetime | None = None
    updated_at: datetime
    status_since: datetime
    due_at: datetime
    queue: Queue
    waits_for: Party
    why: str
    restarts: int = 0
    information_requests: int = 0
    waitlist_tries: int = 0
    rebookings: int = 0
    missing: tuple[str, ...] = ()
    eligibility: Eligibility | None = None
    authorization: Authorization | None = None
    offers: tuple[Offer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    contacts_before: int = 0
    patient_answer: str | None = None
    appointment: Appointment | None = None
    report: Report | None = None
    notice: Notice | None = None
    work_item: WorkItem | None = None
    closing: Outcome | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    loop_closed: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether the referral has reached its terminal outcome."""
        return self.status is Status.CLOSED

    @property
    def offer(self) -> Offer | None:
        """The offer in hand: the last one, unless it was declined, withdrawn or left silent."""
        if self.offers and self.offers[-1].answer in {"open", "accepted"}:
            return self.offers[-1]
        return None

    @property
    def loop_completed(self) -> bool:
        """Closed loop with a completed-* outcome (never merged with `loop_closed`)."""
        return self.loop_closed and self.outcome in COMPLETED


class Event(Record):
    """One change, append-only; carries no PHI.

    Attributes:
        version: the referral's version that this event made; its number.
        in_status_s: seconds spent in `from_status` until this event.
        facts: small values that explain the change (codes, numbers, hashes).
        metered: counted units for the cost ledger (states, sms_parts, payer_transactions, …).
    """

    tenant: Tenant
    referral_id: ReferralId
    version: int
    run: int
    kind: str
    at: datetime
    actor: str
    from_status: Status | None
    to_status: Status
    why: str
    pathway: str
    outcome: Outcome | None = None
    in_status_s: int | None = None
    facts: Mapping[str, str | int | bool | None] = Field(default_factory=dict)
    metered: Mapping[str, int] = Field(default_factory=dict)
    schema_version: int = EVENT_SCHEMA_VERSION


class Change(Record):
    """A referral's next projection with the event that says why: always written together."""

    before: Referral
    after: Referral
    event: Event


def change(  # the one place that makes a next version
    referral: Referral,
    kind: str,
    *,
    at: datetime,
    actor: str,
    why: str,
    due_at: datetime,
    status: Status | None = None,
    queue: Queue | None = None,
    waits_for: Party | None = None,
    facts: Mapping[str, str | int | bool | None] | None = None,
    metered: Mapping[str, int] | None = None,
    **regions: Any,
) -> Change:
    """Make the next version of a referral and its event.

    The owner queue and the party waited for follow from the status unless given.

    Args:
        referral: the projection read.
        kind: what happened, kebab-case.
        at: the business instant.
        actor: who did it: a client id, `router` or `timer`.
        why: one sentence without PHI.
        due_at: when somebody must look if nothing happens until then.
        status: the new status; the present one when None.
        queue: overrides the status's owner queue (a work item's team).
        waits_for: overrides the status's party.
        facts: small values that explain the change.
        metered: counted units for the ledger.
        **regions: fields of `Referral` to replace.

    Raises:
        IllegalTransition: the status may not follow the present one.
    """
    to = status or referral.status
    require_legal(referral.status, to)
    responsible = RESPONSIBLE[to]
    after = Referral.model_validate(
        {
            **{name: getattr(referral, name) for name in Referral.model_fields},
            **regions,
            "version": referral.version + 1,
            "status": to,
            "updated_at": at,
            "status_since": referral.status_since if to is referral.status else at,
            "due_at": due_at,
            "queue": queue or responsible.queue,
            "waits_for": waits_for or responsible.waits_for,
            "why": why,
        }
    )
    event = Event(
        tenant=referral.tenant,
        referral_id=referral.id,
        version=after.version,
        run=after.run,
        kind=kind,
        at=at,
        actor=actor,
        from_status=referral.status,
        to_status=to,
        why=why,
        pathway=referral.pathway,
        outcome=after.outcome,
        in_status_s=int((at - referral.status_since).total_seconds()),
        facts=dict(facts or {}),
        metered=dict(metered or {}),
    )
    return Change(before=referral, after=after, event=event)
