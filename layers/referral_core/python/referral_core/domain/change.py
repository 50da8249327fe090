"""A change of a referral: its next version together with the event that says why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypedDict, Unpack

from referral_core.domain.events import (
    Dimensions,
    Event,
    EventKind,
    Facts,
    StepFacts,
    facts_of,
)
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import (
    RESPONSIBLE,
    Outcome,
    Party,
    Queue,
    Status,
    Step,
    require_legal,
)
from referral_core.domain.model import Model
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.payers.authorization import Authorization
from referral_core.domain.payers.eligibility import Eligibility, SelfPay
from referral_core.domain.payers.vocabulary import PayerClass
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.referral import (
    Appointment,
    Contact,
    Notice,
    Offer,
    Origin,
    Referral,
    Reopening,
    Report,
    WantedService,
    WorkItem,
)
from referral_core.domain.referral.bounds import require_room
from referral_core.domain.terminology.vocabulary import ConsentClass

BACKSTOP: Final = timedelta(days=364)
"""A referral is looked at within a year, whatever it waits for; a state itself waits a year."""


class Regions(TypedDict, total=False):
    """What of a referral a change may replace besides its status, owner and due time."""

    pathway: str
    pathway_version: int
    origin: Origin
    priority: str
    service: WantedService
    run: int
    restarts: int
    paused: str | None
    current_step: Step
    information_requests: int
    waitlist_tries: int
    rebookings: int
    missing: tuple[str, ...]
    duplicates: tuple[ReferralId, ...]
    consent_recorded: bool
    consented_to: tuple[ConsentClass, ...]
    eligibility: Eligibility | None
    self_pay: SelfPay | None
    authorization: Authorization | None
    offers: tuple[Offer, ...]
    offers_window_start: int
    performer_choice: PerformerChoice | None
    contacts: tuple[Contact, ...]
    contacts_window_start: int
    outreach_from: datetime | None
    asked_with: ReferralId | None
    escalated: bool
    time_zones: tuple[str, ...]
    opted_out: bool
    patient_reply: Reply | None
    appointment: Appointment | None
    reports: tuple[Report, ...]
    reports_reviewed: int
    report_reminders: int
    attestation: str | None
    notices: tuple[Notice, ...]
    reopenings: tuple[Reopening, ...]
    superseded_by: ReferralId | None
    work_item: WorkItem | None
    proposed_outcome: Outcome | None
    outcome: Outcome | None
    closed_at: datetime | None
    loop_closed: bool


class Change(Model):
    """A referral's next projection with the event that says why: always written together."""

    before: Referral
    after: Referral
    event: Event


def change(  # the one place that makes a next version
    referral: Referral,
    kind: EventKind,
    *,
    at: datetime,
    actor: str,
    status_reason: str,
    due_at: datetime,
    status: Status | None = None,
    queue: Queue | None = None,
    waits_for: Party | None = None,
    facts: Facts | None = None,
    update: str | None = None,
    metered: Mapping[str, int] | None = None,
    **regions: Unpack[Regions],
) -> Change:
    """Make the next version of a referral and its event.

    The owner queue and the party waited for follow from the status unless given.

    Args:
        referral: the projection read.
        kind: what happened.
        at: the business instant.
        actor: who did it: a client id, `router` or `timer`.
        status_reason: one sentence without PHI.
        due_at: when somebody must look if nothing happens until then; never later than a year.
        status: the new status; the present one when None.
        queue: overrides the status's owner queue (a work item's team).
        waits_for: overrides the status's party.
        facts: small values that explain the change, of the class of the kind.
        update: id of the update that brings it about.
        metered: counted units for the ledger.
        **regions: fields of `Referral` to replace.

    Raises:
        IllegalTransition: the status may not follow the present one.
        NotLegal: a list would grow over its bound.
        ValidationError: a region is given a value that could not be read again.
    """
    to = status or referral.status
    require_legal(referral.status, to)
    responsible = RESPONSIBLE[to]
    after = referral.but(
        **regions,
        version=referral.version + 1,
        status=to,
        updated_at=at,
        status_since=referral.status_since if to is referral.status else at,
        due_at=min(due_at, at + BACKSTOP),
        queue=queue or responsible.queue,
        waits_for=waits_for or responsible.waits_for,
        status_reason=status_reason,
    )
    require_room(referral, after)
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
        status_reason=status_reason,
        outcome=after.outcome,
        in_status_s=int((at - referral.status_since).total_seconds()),
        step=after.current_step,
        queue=after.queue if after.queue is not responsible.queue else None,
        waits_for=after.waits_for if after.waits_for is not responsible.waits_for else None,
        update=update,
        facts=facts or facts_of(kind).model_validate({}),
        dimensions=dimensions_of(after),
        metered=dict(metered or {}),
    )
    return Change(before=referral, after=after, event=event)


def received(
    referral: Referral,
    *,
    actor: str,
    metered: Mapping[str, int],
) -> Event:
    """Return a referral's first event.

    Args:
        referral: as it is accepted.
        actor: the client that sent it.
        metered: counted units for the ledger.
    """
    wanted_by = referral.service.urgency.ends_at
    return Event(
        tenant=referral.tenant,
        referral_id=referral.id,
        version=referral.version,
        run=referral.run,
        kind=EventKind.RECEIVED,
        at=referral.received_at,
        actor=actor,
        from_status=None,
        to_status=referral.status,
        status_reason=referral.status_reason,
        step=referral.current_step,
        facts=StepFacts(authored_at=referral.authored_at, wanted_by=wanted_by),
        dimensions=dimensions_of(referral),
        metered=dict(metered),
    )


def dimensions_of(referral: Referral) -> Dimensions:
    """Return by what figures can be cut, as far as it is known of a referral."""
    origin, known = referral.origin, referral.eligibility
    offer = referral.offers[-1] if referral.offers else None
    payer_class = PayerClass.SELF_PAY if referral.self_pay else known.payer_class if known else None
    return Dimensions(
        pathway=referral.pathway,
        kind=origin.kind,
        priority=referral.priority,
        specialty=offer.specialty if offer else referral.service.specialty,
        payer=known.payer if known else None,
        payer_class=payer_class,
        referring_practice=origin.practice,
        referring_clinician=origin.clinician,
        location=origin.location,
        performer_organization=offer.organization if offer else None,
        performer=offer.npi if offer else None,
        network=offer.in_network if offer else None,
        tier=offer.tier if offer else None,
        language=origin.language,
        zip3=origin.zip3,
        fee_class=referral.self_pay.fee_class if referral.self_pay else None,
    )
