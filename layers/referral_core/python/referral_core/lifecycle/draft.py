"""Drafts: what is to be written in one commit, and what the state machine does next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Unpack

from referral_core.domain.change import Change, Regions, change
from referral_core.domain.effects import Effect, Release
from referral_core.domain.events import EventKind, Facts, StepFacts, UpdateFacts, WorkItemFacts
from referral_core.domain.lifecycle import Next, Party, Queue, Status, Step
from referral_core.domain.referral import Offer, Referral, WorkItem
from referral_core.domain.updates import (
    ContactRecorded,
    Ending,
    OfferUpdate,
    PatientReplied,
    ProgressNoted,
    Reported,
)
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.lifecycle.authorized_period import ends_at
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.outreach.visit_off import told_first

ROUTER: Final = "router"

STATES_ENTERED: Final[Mapping[Step, int]] = {
    step: 1 if step in {Step.CHECK_ELIGIBILITY, Step.CLOSE_REFERRAL} else 2 for step in Step
}
"""States that one entry of a step costs: its Task and the Choice behind it, where there is one."""


@dataclass(frozen=True)
class Draft:
    """What is to be written in one commit.

    Attributes:
        next: where the state machine goes; None: the step waits until `change.after.due_at`.
        effects: what is written with the change, or nothing is.
    """

    change: Change
    next: Next | None = None
    effects: tuple[Effect, ...] = ()

    @property
    def after(self) -> Referral:
        """The referral as it will be."""
        return self.change.after

    def to(self, following: Next | None) -> Draft:
        """Return the same change with another way on."""
        return replace(self, next=following)

    def with_after(self, after: Referral) -> Draft:
        """Return the same event with another projection."""
        return replace(self, change=self.change.but(after=after))

    def acted_by(self, actor: str) -> Draft:
        """Return the same draft with another actor than the router."""
        return replace(self, change=self.change.but(event=self.change.event.but(actor=actor)))

    def counting(self, units: Mapping[str, int]) -> Draft:
        """Count units of the ledger with what the event counts already."""
        event = self.change.event
        metered = {**event.metered, **units}
        return replace(self, change=self.change.but(event=event.but(metered=metered)))

    def caused_by(self, update: Reported) -> Draft:
        """Name the update in the event that used, kept or recorded it."""
        return replace(self, change=self.change.but(event=self.change.event.but(update=update.id)))


def draft(
    case: Case,
    kind: EventKind,
    status_reason: str,
    *,
    due_at: datetime | None = None,
    then: Next | None = None,
    by: Reported | None = None,
    status: Status | None = None,
    queue: Queue | None = None,
    waits_for: Party | None = None,
    same_owner: bool = False,
    facts: Facts | None = None,
    metered: Mapping[str, int] | None = None,
    effects: tuple[Effect, ...] = (),
    **regions: Unpack[Regions],
) -> Draft:
    """Draft one change; see `domain.change.change` for what is not named here.

    Args:
        case: the referral and the moment.
        kind: what happened.
        status_reason: one sentence without PHI.
        due_at: when somebody must look; soon, when None, and wherever a step follows: a run that
            dies before it gets there is missed at once. A wait is over with the authorization.
        then: where the state machine goes; None: the wait goes on, or is opened. A patient who
            believes in a visit that is off is told first.
        by: the update that brings it about; the router itself when None.
        status: the new status.
        queue: overrides the status's team.
        waits_for: overrides the status's party.
        same_owner: whether team and party stay as they are.
        facts: of the kind's class.
        metered: units for the ledger.
        effects: what is written with it.
        **regions: fields of the referral to replace.
    """
    referral = case.referral
    if same_owner:
        queue, waits_for = referral.queue, referral.waits_for
    looked_at = due_at or case.soon
    made = change(
        referral,
        kind,
        at=case.now,
        actor=by.actor if by else ROUTER,
        status_reason=status_reason,
        due_at=min(looked_at, case.soon) if isinstance(then, Step) else looked_at,
        status=status,
        queue=queue,
        waits_for=waits_for,
        facts=facts,
        metered=metered,
        **regions,
    )
    if (off := told_first(case.of(made.after), then)) is not None:
        made, then = made.but(after=made.after.but(appointment=off)), Step.CONTACT_PATIENT
    if due_at and then is None and (ends := ends_at(case.of(made.after))) is not None:
        made = made.but(after=made.after.but(due_at=min(made.after.due_at, ends)))
    return Draft(made, next=then, effects=effects)


def start_draft(
    case: Case,
    step: Step,
    status_reason: str,
    *,
    status: Status | None = None,
    queue: Queue | None = None,
    effects: tuple[Effect, ...] = (),
    contact_by: datetime | None = None,
    **regions: Unpack[Regions],
) -> Draft:
    """Draft the first write of a step: where the referral is, and the watchdog's due time.

    Restarts are counted on: a run that only ever starts its step gets nowhere.
    """
    started: Regions = {**regions, "current_step": step}
    return draft(
        case,
        EventKind.STEP_STARTED,
        status_reason,
        status=status,
        queue=queue,
        waits_for=Party.ROUTER,
        facts=StepFacts(step=step, contact_by=contact_by),
        effects=effects,
        **started,
    )


def open_work_item(
    case: Case,
    reason: Reason,
    *,
    by: Reported | None = None,
    status: Status | None = None,
    queue: Queue | None = None,
    facts: WorkItemFacts | None = None,
    metered: Mapping[str, int] | None = None,
    effects: tuple[Effect, ...] = (),
    **regions: Unpack[Regions],
) -> Draft:
    """Draft that a person must look: the next state is OpenWorkItem.

    `queue` overrides the team of the reason's policy where the pathway names one.
    """
    policy, step = WORK_ITEM_POLICIES[reason], case.referral.current_step
    item = WorkItem(
        reason=reason,
        opened_at=case.now,
        resume_at=step,
        actions=actions_of(reason),
    )
    needed: Regions = {"work_item": item, **regions}
    return draft(
        case,
        EventKind.WORK_ITEM_NEEDED,
        policy.status_reason,
        then=Step.OPEN_WORK_ITEM,
        by=by,
        status=status,
        queue=queue or policy.queue,
        waits_for=Party.STAFF,
        facts=(facts or WorkItemFacts()).but(reason=reason),
        metered=metered,
        effects=effects,
        **needed,
    )


def record_only(
    case: Case,
    update: Reported,
    kind: EventKind = EventKind.UPDATE_RECORDED,
    *,
    facts: Facts | None = None,
    effects: tuple[Effect, ...] = (),
    **regions: Unpack[Regions],
) -> Draft:
    """Draft that something is on record now: owner, due time and sentence stay as they are."""
    referral = case.referral
    return draft(
        case,
        kind,
        referral.status_reason,
        due_at=referral.due_at,
        by=update,
        same_owner=True,
        facts=facts or update_facts(update),
        effects=effects,
        **regions,
    )


def update_facts(update: Reported) -> UpdateFacts:
    """Return what an event says of an update that moved nothing."""
    return UpdateFacts(
        kind=update.kind,
        status=update.status if isinstance(update, ProgressNoted) else None,
        reason=update.reason if isinstance(update, ProgressNoted | OfferUpdate | Ending) else None,
        reply=update.reply if isinstance(update, PatientReplied) else None,
        result=update.result if isinstance(update, ContactRecorded) else None,
    )


def continue_to(
    case: Case,
    following: Next,
    kind: EventKind,
    status_reason: str,
    *,
    metered: Mapping[str, int] | None = None,
    **regions: Unpack[Regions],
) -> Draft:
    """Draft that the state machine goes on at once; owner and party stay as they are."""
    return draft(
        case,
        kind,
        status_reason,
        then=following,
        same_owner=True,
        metered=metered,
        **regions,
    )


def forward_work_item(case: Case) -> Draft:
    """Draft that the step before left a work item: a person sees it first."""
    return continue_to(
        case,
        Step.OPEN_WORK_ITEM,
        EventKind.WORK_ITEM_FORWARDED,
        case.referral.status_reason,
    )


def release(offer: Offer | None) -> tuple[Effect, ...]:
    """Return the effect that gives back what an offer reserves, if it reserves anything."""
    return (Release(reservation=offer.reservation),) if offer and offer.reservation else ()
