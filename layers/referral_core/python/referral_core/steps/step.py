"""What a step is: it begins, acts through its ports, says how to record it, and reads answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from referral_core.domain.calendar import BusinessCalendar, Span
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.model import Record, ReferralId, Tenant
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Change, Hold, Referral, WorkItem, change
from referral_core.domain.updates import ENDS, Update, UpdateKind
from referral_core.domain.work import DESKS, Reason, actions_of
from referral_core.pathways import pathway
from referral_core.ports import Directory, Evidence, MessageSlot, RoutingDecision

AGAIN: Final = "again"
"""Enter the same step again: the update asks for an action of it."""
CLOSING: Final = "closing"
"""An outcome is proposed: go to VerifyClosure."""
WORK_ITEM: Final = "work-item"
"""A person must look: go to OpenWorkItem."""
SUPERSEDED: Final = "superseded"
"""A newer run carries the referral, or it is closed: end quietly."""

ROUTER: Final = "router"

STATES_ENTERED: Final[Mapping[Step, int]] = {
    step: 1 if step in {Step.CHECK_ELIGIBILITY, Step.CLOSE_REFERRAL} else 2 for step in Step
}
"""States that one entry of a step costs: its Task and the Choice behind it, where there is one."""


class StepInput(Record):
    """What the state machine gives a step: ids and a token, nothing else."""

    tenant: Tenant
    referral_id: ReferralId
    run: int
    step: Step
    token: str | None = None


class Moment(NamedTuple):
    """The business instant, and the one until which a running step may be silent."""

    now: datetime
    soon: datetime


@dataclass(frozen=True)
class Draft:
    """What is to be written in one commit.

    Attributes:
        outcome: told to the state machine; None: the step waits until `change.after.due_at`.
    """

    change: Change
    outcome: str | None = None
    decision: RoutingDecision | None = None
    evidence: Evidence | None = None
    slot: MessageSlot | None = None
    hold: Hold | None = None
    hold_capacity: int = 0
    release: Hold | None = None


Recording = Callable[[Referral, Moment], Draft]
"""Pure: makes the draft from the referral as it is when it is written."""


class LifecycleStep(Protocol):
    """One state of the state machine."""

    @property
    def name(self) -> Step:
        """The ASL state's name."""

    def accepts(self, referral: Referral) -> frozenset[UpdateKind]:
        """Return the kinds of update that its wait accepts, besides those that end a referral."""

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the step is at work, before it does anything."""

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Do the step's work through its ports."""

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Read an update; `outcome` None means that the wait goes on. Pure."""


def begun(
    referral: Referral,
    step: Step,
    moment: Moment,
    why: str,
    *,
    status: Status | None = None,
    queue: Queue | None = None,
    **regions: Any,
) -> Draft:
    """Draft the first write of a step: its phase, its status, the watchdog's due time.

    Args:
        referral: the projection read.
        step: the step that begins.
        moment: now.
        why: one sentence without PHI.
        status: the new status; the present one when None.
        queue: the team, where it is not the status's own.
        **regions: fields of `Referral` to replace.
    """
    return Draft(
        change(
            referral,
            "step-begun",
            at=moment.now,
            actor=ROUTER,
            why=why,
            due_at=moment.soon,
            status=status,
            queue=queue,
            waits_for=Party.ROUTER,
            facts={"step": step.value},
            metered={"states": STATES_ENTERED[step]},
            phase=step,
            restarts=0,
            **regions,
        )
    )


def needs_person(
    referral: Referral,
    reason: Reason,
    moment: Moment,
    *,
    actor: str = ROUTER,
    status: Status | None = None,
    queue: Queue | None = None,
    facts: Mapping[str, str | int | bool | None] | None = None,
    metered: Mapping[str, int] | None = None,
    release: Hold | None = None,
    **regions: Any,
) -> Draft:
    """Draft that a person must look: the next state is OpenWorkItem.

    `queue` overrides the team of the reason's desk where the pathway names one.
    """
    item = WorkItem(
        reason=reason,
        opened_at=moment.now,
        resume_at=referral.phase,
        actions=actions_of(reason, referral.phase),
    )
    return Draft(
        change(
            referral,
            "work-item-needed",
            at=moment.now,
            actor=actor,
            why=DESKS[reason].why,
            due_at=moment.soon,
            status=status,
            queue=queue or DESKS[reason].queue,
            waits_for=Party.STAFF,
            facts={"reason": reason.value, **(facts or {})},
            metered=metered,
            **{"work_item": item, **regions},
        ),
        outcome=WORK_ITEM,
        release=release,
    )


def ended_from_outside(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft what ends a referral, the same in every wait: cancelled, seen elsewhere, deceased, ….

    When the report is already in, the care was given: the word is recorded only.
    """
    outcome = ENDS[update.kind]
    if referral.report is not None and outcome is not Outcome.ENTERED_IN_ERROR:
        return noted(referral, update, moment, "cancellation-too-late")
    by = update.facts.get("by")
    return Draft(
        change(
            referral,
            "cancel-requested",
            at=moment.now,
            actor=update.actor,
            why="The referral is no longer needed; the clinic and the referrer are told.",
            due_at=moment.soon,
            status=Status.CANCEL_REQUESTED,
            facts={"outcome": outcome.value, **update.facts},
            closing=outcome,
            superseded_by=ReferralId(str(by)) if by else referral.superseded_by,
            work_item=None,
        ),
        outcome=CLOSING,
    )


def noted(
    referral: Referral, update: Update, moment: Moment, kind: str | None = None, **regions: Any
) -> Draft:
    """Draft that something is on record now: owner, due time and sentence stay as they are."""
    return Draft(
        change(
            referral,
            kind or f"{update.kind}-noted",
            at=moment.now,
            actor=update.actor,
            why=referral.why,
            due_at=referral.due_at,
            queue=referral.queue,
            waits_for=referral.waits_for,
            facts={"kind": update.kind.value, **update.facts},
            **regions,
        )
    )


def onward(
    referral: Referral,
    moment: Moment,
    kind: str,
    why: str,
    outcome: str,
    *,
    metered: Mapping[str, int] | None = None,
    **regions: Any,
) -> Draft:
    """Draft that the state machine goes on at once; owner and party stay as they are."""
    return Draft(
        change(
            referral,
            kind,
            at=moment.now,
            actor=ROUTER,
            why=why,
            due_at=moment.soon,
            queue=referral.queue,
            waits_for=referral.waits_for,
            metered=metered,
            **regions,
        ),
        outcome=outcome,
    )


def passed_on(
    referral: Referral, moment: Moment, metered: Mapping[str, int] | None = None
) -> Draft:
    """Draft that the step before left a work item: a person sees it first."""
    kind = "work-item-passed-on"
    return onward(referral, moment, kind, referral.why, WORK_ITEM, metered=metered)


def calendar_of(directory: Directory, referral: Referral) -> BusinessCalendar:
    """Return the business calendar of the referral's tenant."""
    profile = directory.tenant(referral.tenant)
    return BusinessCalendar(profile.time_zone, profile.holidays)


def due_after(directory: Directory, referral: Referral, moment: Moment, span: Span) -> datetime:
    """Return when a span of the tenant's business time from now ends."""
    return calendar_of(directory, referral).after(moment.now, span)


def rules(referral: Referral) -> Pathway:
    """Return the pathway version that the referral is pinned to."""
    return pathway(referral.pathway, referral.pathway_version)
