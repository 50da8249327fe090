"""Processes a due referral: its deadline, its lost resolution, or a new run if none is active."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from referral_core.domain.events import EventKind, RunFacts
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Party, Step
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.run import Delivery
from referral_core.domain.updates import DeadlinePassed, Role
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.lifecycle.draft import Draft, draft
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.commit import commit_of
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.sweep_notices import sweep_notices
from referral_core.lifecycle.pauses import held, pause_of

_MOST_PATIENT: Final = 6
"""The watchdog's grace doubles with each restart, up to 2**6 times."""
MOST_RESTARTS: Final = 6
"""Runs in a row that recorded nothing but their start; then a person looks as well."""


class DueResult(StrEnum):
    """What the watchdog did for a due referral."""

    NOT_DUE = "not-due"
    DEADLINE = "deadline"
    RESENT = "resent"
    RESTARTED = "restarted"
    NOTICES = "notices"
    PAUSED = "paused"


def process_due(engine: Engine, tenant: Tenant, referral_id: ReferralId) -> DueResult:
    """Move a due referral: its notices, its deadline, its lost resolution, or a new run.

    Raises:
        Conflict, StaleRun: somebody else moved it meanwhile; it stays due if it still is.
    """
    referrals = engine.sources.referrals
    state = referrals.load(tenant, referral_id)
    now = engine.clock.now()
    swept = sweep_notices(engine, state, now)
    if swept:
        state = referrals.load(tenant, referral_id)
    referral, mailbox = state.referral, state.mailbox
    if referral.is_closed or referral.due_at > now:
        return DueResult.NOTICES if swept else DueResult.NOT_DUE
    if referral.paused is not None:
        case = engine.case(referral)
        pause = pause_of(case, referral.current_step)
        if pause is not None:
            referrals.commit(commit_of(held(case, referral.current_step, pause), state, None))
            return DueResult.PAUSED
    wait, resolution = mailbox.wait, mailbox.resolution
    if wait is not None and resolution is None and wait.deadline <= now:
        deadline = DeadlinePassed(
            id=f"deadline-{wait.id}-{int(wait.deadline.timestamp())}",
            actor="timer",
            role=Role.ROUTER,
            received_at=now,
            wait=wait.id,
        )
        apply_update(engine, tenant, referral_id, deadline)
        return DueResult.DEADLINE
    if wait is not None and resolution is not None:
        referrals.commit(commit_of(_resent(engine, referral), state, None))
        delivery = engine.workflow.complete_task(wait.token, resolution.next)
        if delivery is not Delivery.NOBODY_WAITS:
            return DueResult.RESENT
        state = referrals.load(tenant, referral_id)
        if state.mailbox.resolution != resolution:
            return DueResult.RESENT
    referrals.commit(commit_of(_restarted(engine, state.referral), state, None))
    return DueResult.RESTARTED


def _resent(engine: Engine, referral: Referral) -> Draft:
    return draft(
        engine.case(referral),
        EventKind.RESOLUTION_RESENT,
        referral.status_reason,
        same_owner=True,
        facts=RunFacts(step=referral.current_step),
    )


def _restarted(engine: Engine, referral: Referral) -> Draft:
    """Draft the next run: the stream starts its execution at the referral's current step."""
    patience = engine.clock.grace() * 2 ** min(referral.restarts, _MOST_PATIENT)
    if referral.restarts >= MOST_RESTARTS:
        return _on_a_worklist(engine, referral, engine.clock.now() + patience)
    return draft(
        engine.case(referral),
        EventKind.RUN_RESTARTED,
        "No execution was active; a new run resumes where the referral stood.",
        due_at=engine.clock.now() + patience,
        same_owner=True,
        facts=RunFacts(step=referral.current_step),
        metered={"states": 1},
        run=referral.run + 1,
        restarts=referral.restarts + 1,
        paused=None,
    )


def _on_a_worklist(engine: Engine, referral: Referral, due_at: datetime) -> Draft:
    """Draft that run after run came to nothing: staff see it at once, and the next run asks them.

    The work item is written here, since a run that could write it might come to nothing too.
    """
    policy, step = WORK_ITEM_POLICIES[Reason.FAULT], referral.current_step
    item = referral.work_item or WorkItem(
        reason=Reason.FAULT,
        opened_at=engine.clock.now(),
        resume_at=step,
        actions=actions_of(Reason.FAULT),
        due_at=due_at,
    )
    return draft(
        engine.case(referral),
        EventKind.RUN_RESTARTED,
        policy.status_reason,
        due_at=due_at,
        queue=policy.queue,
        waits_for=Party.STAFF,
        facts=RunFacts(step=step),
        metered={"states": 1},
        run=referral.run + 1,
        restarts=referral.restarts + 1,
        paused=None,
        current_step=Step.OPEN_WORK_ITEM,
        work_item=item,
    )
