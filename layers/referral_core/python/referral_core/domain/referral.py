"""The referral: four regions, one public status, an owner and a due time; and its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from referral_core.domain.calendar import DayPart
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
from referral_core.domain.outreach import Channel
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
    in_network: bool | None = None
    reason: str | None = None


class SelfPay(Record):
    """The patient pays; at an FQHC by the class of the sliding fee scale (A-D)."""

    fee_class: str | None = None


class AuthorizationStatus(StrEnum):
    """Where prior authorization stands."""

    NOT_REQUIRED = "not-required"
    SUBMITTED = "submitted"
    PENDED = "pended"
    APPROVED = "approved"
    DENIED = "denied"
    APPEALED = "appealed"


class Authorization(Record):
    """One PAS request for one performer; a re-route to another performer starts a new one.

    Attributes:
        due_at: when the payer's clock runs out.
        warned: whether the team was told that it soon does.
    """

    status: AuthorizationStatus
    trace: str
    performer: str
    requested_at: datetime
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    denial_reason: str | None = None
    due_at: datetime | None = None
    warned: bool = False


class Hold(Record):
    """One unit of a practitioner's weekly capacity, held for this referral until released."""

    npi: str
    week: str


class Offer(Record):
    """The performer the referral is (or was) routed to; Task B is its FHIR face.

    `silent` and `taken-back` offers were ended by us, and the clinic is told; `declined` and
    `withdrawn` ones by the clinic.
    """

    number: int
    npi: str
    organization: str
    specialty: str
    hold: Hold | None
    decision: int
    answer: Literal["open", "accepted", "declined", "silent", "withdrawn", "taken-back"] = "open"
    reason: str | None = None
    offered_at: datetime | None = None
    reminded: bool = False


class Contact(Record):
    """One attempt to reach the patient, or one reminder.

    `sending` is written before the channel is called: an attempt found in it is ambiguous and
    never sent again blindly. `due` is a call that staff are to make, `missed` one that nobody
    made in time; neither counts as an attempt.

    Attributes:
        position: of the pathway's attempt that it is; None for one made by staff on their own.
        day_part: of the patient's day when it was made.
        result: what came of a call.
    """

    number: int
    channel: Channel
    at: datetime
    state: Literal["sending", "sent", "failed", "ambiguous", "skipped", "due", "made", "missed"]
    purpose: Literal["invitation", "reminder"] = "invitation"
    position: int | None = None
    parts: int = 0
    day_part: DayPart | None = None
    result: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it was an attempt to reach the patient."""
        return self.state in {"sent", "made"} and self.purpose == "invitation"


class Appointment(Record):
    """The visit the clinic booked. Attributes: reminders: those sent or past."""

    number: int
    start: datetime
    reminders: int = 0
    status: Literal["booked", "fulfilled", "noshow", "cancelled"] = "booked"


class Report(Record):
    """A document about the visit, stored under its hash.

    Attributes:
        sufficient: whether the loop may be closed, with this and what came before it.
        critical: whether it holds a result that cannot wait.
    """

    sha256: str
    loinc: str
    received_at: datetime
    sufficient: bool
    final: bool = True
    critical: bool = False


class About(StrEnum):
    """What the referring provider is told of."""

    CLOSURE = "closure"
    INFORMATION_NEEDED = "information-needed"
    VISIT_MISSED = "visit-missed"
    CRITICAL_RESULT = "critical-result"


class Notice(Record):
    """A word to the referring provider; only the one about how it ended is acknowledged."""

    number: int
    about: About = About.CLOSURE
    outcome: Outcome | None = None
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
        due_at: when it must be decided, whatever its owner snoozes.
        owner: the client id of the person who works on it.
        comments: how many there are; the words are documents.
    """

    reason: Reason
    opened_at: datetime
    resume_at: Step
    actions: tuple[str, ...]
    due_at: datetime | None = None
    owner: str | None = None
    snoozed_until: datetime | None = None
    comments: int = 0


class Reopening(Record):
    """That a closed referral was opened again: who, why, and the closure it undoes.

    Attributes:
        notices, reports: how many there were; the earlier ones close nothing any more.
    """

    at: datetime
    actor: str
    reason: str
    closed_version: int
    outcome: Outcome | None
    loop_closed: bool
    notices: int
    reports: int


class Referral(Record):
    """The projection of one referral: no PHI, everything an operator's list shows.

    Attributes:
        run: counts executions; every write is conditional on it (the fence).
        version: rises by one with every change; equals the number of the last event.
        phase: the step that carries the referral now, where a new run resumes.
        why: one sentence, no PHI: why it waits and what would move it.
        revised_at: when its author last sent another version of the order.
        consent_recorded: staff hold the patient's consent to disclose.
        offers_before: offers made before a person or the patient wanted another clinic.
        contacts_before: contacts made before the last rebooking, which starts a new series.
        outreach_from: when the present series of attempts began.
        escalated: whether clinicians took over in the present series.
        time_zones: IANA zones that the patient may be in, the likeliest first.
        reviewed: how many of the reports a clinician looked at, where one was critical.
        chased: how often the clinic was reminded of the report.
        attestation: the clinic's reason for attesting the service without a report.
        superseded_by: the referral that took this one's place.
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
    consent_recorded: bool = False
    eligibility: Eligibility | None = None
    authorization: Authorization | None = None
    offers: tuple[Offer, ...] = ()
    offers_before: int = 0
    contacts: tuple[Contact, ...] = ()
    contacts_before: int = 0
    outreach_from: datetime | None = None
    escalated: bool = False
    time_zones: tuple[str, ...] = ()
    opted_out: bool = False
    patient_answer: str | None = None
    appointment: Appointment | None = None
    reports: tuple[Report, ...] = ()
    reviewed: int = 0
    chased: int = 0
    attestation: str | None = None
    notices: tuple[Notice, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    superseded_by: ReferralId | None = None
    self_pay: SelfPay | None = None
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
    def current_reports(self) -> tuple[Report, ...]:
        """The documents that came since the referral was last opened."""
        return self.reports[self.reopenings[-1].reports if self.reopenings else 0 :]

    @property
    def report(self) -> Report | None:
        """The document that came last since then."""
        return next(reversed(self.current_reports), None)

    @property
    def notice(self) -> Notice | None:
        """The last word about how the referral ended, since it was last opened."""
        before = self.reopenings[-1].notices if self.reopenings else 0
        closures = (n for n in reversed(self.notices[before:]) if n.about is About.CLOSURE)
        return next(closures, None)

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


def with_notice(
    referral: Referral, at: datetime, about: About, outcome: Outcome | None = None
) -> tuple[Notice, ...]:
    """Return the notices with one more: writing it is asking for its delivery."""
    number = len(referral.notices) + 1
    return (
        *referral.notices,
        Notice(number=number, about=about, outcome=outcome, queued_at=at),
    )


def with_notice_changed(
    referral: Referral, number: int | None, **fields: Any
) -> tuple[Notice, ...]:
    """Return the notices with one of them changed."""
    return tuple(n.model_copy(update=fields) if n.number == number else n for n in referral.notices)


def with_contact_ended(referral: Referral, state: str, parts: int = 0) -> tuple[Contact, ...]:
    """Return the contacts with what came of the last one."""
    *before, last = referral.contacts
    return (*before, last.model_copy(update={"state": state, "parts": parts}))


def reference_of(referral: Referral, contact: Contact) -> str:
    """Return the mark of a message: referral and attempt (`-c`) or reminder (`-r`), no PHI."""
    mark = "r" if contact.purpose == "reminder" else "c"
    return f"{referral.id}-{mark}{contact.number}"
