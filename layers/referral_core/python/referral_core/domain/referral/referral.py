"""The projection of one referral: its regions, one public status, an owner and a due time."""

from datetime import datetime
from typing import Any

from referral_core.domain.codes import Coded
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import (
    COMPLETED,
    Outcome,
    Party,
    Queue,
    ReferralKind,
    Status,
    Step,
)
from referral_core.domain.model import Model
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.payers.authorization import Authorization
from referral_core.domain.payers.eligibility import Eligibility, SelfPay
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.referral.appointment import Appointment
from referral_core.domain.referral.contact import Contact
from referral_core.domain.referral.notice import Notice, NoticeTopic
from referral_core.domain.referral.offer import Offer, OfferStatus
from referral_core.domain.referral.report import Report
from referral_core.domain.referral.wanted_service import WantedService
from referral_core.domain.referral.work_item import WorkItem
from referral_core.domain.terminology.vocabulary import ConsentClass


class Origin(Model):
    """Where a referral comes from and what it is, as far as the order says: codes only.

    Attributes:
        kind: of referral, from its pathway.
        clinician: NPI of the referring provider.
        practice: NPI of the referring organization, else the id of the EHR.
        location: of the encounter or the requester, as the EHR identifies it.
        language: the patient's, ISO 639-1.
        zip3: the first three digits of the patient's ZIP code.
    """

    kind: ReferralKind
    practice: Coded = None
    clinician: Coded = None
    location: Coded = None
    language: Coded = None
    zip3: Coded = None


class Reopening(Model):
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


class Referral(Model):
    """The projection of one referral: no PHI, everything an operator's list shows.

    Attributes:
        origin: what the order says of where it comes from, for every cut of every figure.
        service: what it is for, as it was understood; it names no specialty while nobody knows.
        priority: the level of the urgency that its order states anywhere.
        requisition: what the orders of its requisition have in common; see `requisition_key`.
        run: counts executions; every write is conditional on it (the fence).
        version: rises by one with every change; equals the number of the last event.
        current_step: the step that carries the referral now, where a new run resumes.
        status_reason: one sentence, no PHI: why it waits and what would move it.
        paused: what of it operations hold back, while its present run was ended for that.
        revised_at: when its author last sent another version of the order.
        duplicates: open referrals of other EHRs for the same of which a person was told.
        consent_recorded: staff hold the patient's consent to disclose.
        consented_to: what of the order was disclosed when it was recorded: what comes later is not.
        performer_choice: whom a person wants to be asked next, and why.
        offers_window_start: offers made before a person or the patient wanted another clinic.
        contacts_window_start: contacts made before the last rebooking, which starts a new series.
        outreach_from: when the present series of attempts began.
        asked_with: the referral of the same requisition whose series asks for this one too.
        escalated: whether clinicians took over in the present series.
        time_zones: IANA zones that the patient may be in, the likeliest first.
        reports_reviewed: how many of the reports a clinician looked at, where one was critical.
        report_reminders: how often the clinic was reminded of the report.
        attestation: the clinic's reason for attesting the service without a report.
        superseded_by: the referral that took this one's place.
        proposed_outcome: the outcome that VerifyClosure is to verify, once one is proposed.
    """

    tenant: Tenant
    id: ReferralId
    run: int = 1
    version: int = 1
    status: Status = Status.RECEIVED
    current_step: Step = Step.CHECK_READINESS
    pathway: str
    pathway_version: int
    priority: str = "routine"
    referrer: str
    origin: Origin
    service: WantedService = WantedService.blank()
    placer_identifier: str | None = None
    requisition: str | None = None
    payload_version: int = 1
    authored_at: datetime | None = None
    received_at: datetime
    revised_at: datetime | None = None
    updated_at: datetime
    status_since: datetime
    due_at: datetime
    queue: Queue
    waits_for: Party
    status_reason: str
    restarts: int = 0
    paused: str | None = None
    information_requests: int = 0
    waitlist_tries: int = 0
    rebookings: int = 0
    missing: tuple[str, ...] = ()
    duplicates: tuple[ReferralId, ...] = ()
    consent_recorded: bool = False
    consented_to: tuple[ConsentClass, ...] = ()
    eligibility: Eligibility | None = None
    authorization: Authorization | None = None
    offers: tuple[Offer, ...] = ()
    offers_window_start: int = 0
    performer_choice: PerformerChoice | None = None
    contacts: tuple[Contact, ...] = ()
    contacts_window_start: int = 0
    outreach_from: datetime | None = None
    escalated: bool = False
    asked_with: ReferralId | None = None
    time_zones: tuple[str, ...] = ()
    opted_out: bool = False
    patient_reply: Reply | None = None
    appointment: Appointment | None = None
    reports: tuple[Report, ...] = ()
    reports_reviewed: int = 0
    report_reminders: int = 0
    attestation: Coded = None
    notices: tuple[Notice, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    superseded_by: ReferralId | None = None
    self_pay: SelfPay | None = None
    work_item: WorkItem | None = None
    proposed_outcome: Outcome | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    loop_closed: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether the referral has reached its terminal outcome."""
        return self.status is Status.CLOSED

    @property
    def is_ending(self) -> bool:
        """Whether the referral ends without the visit that it was for."""
        return self.proposed_outcome is not None and self.proposed_outcome not in COMPLETED

    @property
    def item_due_at(self) -> datetime | None:
        """When the open work item is to be decided, snoozed or overdue by now; None without one."""
        if self.work_item is None or self.is_closed:
            return None
        return self.work_item.due_at or self.due_at

    @property
    def offer(self) -> Offer | None:
        """The offer in hand: the last one, unless it was declined, withdrawn or left silent."""
        return self.offers[-1] if self.offers and self.offers[-1].is_in_hand else None

    @property
    def current_reports(self) -> tuple[Report, ...]:
        """The documents that came since the referral was last opened."""
        return self.reports[self.reopenings[-1].reports if self.reopenings else 0 :]

    @property
    def report(self) -> Report | None:
        """The document that came last since then, and was not withdrawn."""
        return next((r for r in reversed(self.current_reports) if not r.withdrawn), None)

    @property
    def notice(self) -> Notice | None:
        """The last word about how the referral ended, since it was last opened."""
        before = self.reopenings[-1].notices if self.reopenings else 0
        closures = (n for n in reversed(self.notices[before:]) if n.topic is NoticeTopic.CLOSURE)
        return next(closures, None)

    @property
    def loop_completed(self) -> bool:
        """Closed loop with a completed-* outcome (never merged with `loop_closed`)."""
        return self.loop_closed and self.outcome in COMPLETED

    @property
    def notices_under_way(self) -> tuple[Notice, ...]:
        """The notices whose delivery is awaited; of those about the end the last one counts."""
        last = self.notice.number if self.notice else None
        return tuple(
            n
            for n in self.notices
            if n.is_under_way and (n.topic is not NoticeTopic.CLOSURE or n.number == last)
        )

    @property
    def next_due_at(self) -> datetime:
        """When the watchdog must look: the due time, or a notice's when that is sooner."""
        return min([self.due_at, *(n.due_at for n in self.notices_under_way if n.due_at)])

    def with_notice(
        self, at: datetime, topic: NoticeTopic, outcome: Outcome | None = None
    ) -> tuple[Notice, ...]:
        """Return the notices with one more: writing it is asking for its delivery."""
        number = len(self.notices) + 1
        notice = Notice(number=number, topic=topic, outcome=outcome, queued_at=at)
        return (*self.notices, notice.watched(at))

    def with_notice_changed(self, number: int, **fields: Any) -> tuple[Notice, ...]:
        """Return the notices with one of them changed; the fields are validated."""
        return tuple(n.but(**fields) if n.number == number else n for n in self.notices)

    def with_offer_changed(self, **fields: Any) -> tuple[Offer, ...]:
        """Return the offers with the last one changed; the fields are validated."""
        return (*self.offers[:-1], self.offers[-1].but(**fields))

    def with_booking_asked(self, at: datetime | None) -> tuple[Offer, ...]:
        """Return the offers with when the clinic in hand was asked to book; None: to be asked."""
        return self.with_offer_changed(booking_asked_at=at) if self.offer else self.offers

    def with_offer_ended(self, status: OfferStatus, reason: str | None = None) -> tuple[Offer, ...]:
        """Return the offers with the one in hand ended: it reserves nothing any more."""
        if self.offer is None:
            return self.offers
        return self.with_offer_changed(status=status, reason=reason, reservation=None)
