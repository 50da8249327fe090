"""Care of a work item: claimed, assigned, released, snoozed, commented; and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Party, Step
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.updates import WorkItemUpdated
from referral_core.domain.work_items import ENTER_AUTHORIZATION, RECORD_CALL, RETRY, Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft

LONGEST_SNOOZE: Final = timedelta(days=14)
"""After the due time of the item."""

_WHILE_WAITING: Final[Mapping[Step, tuple[str, ...]]] = MappingProxyType(
    {
        Step.ROUTE_REFERRAL: (RETRY,),
        Step.REQUEST_AUTHORIZATION: (ENTER_AUTHORIZATION,),
        Step.CONTACT_PATIENT: (RECORD_CALL,),
        Step.AWAIT_VISIT: (RECORD_CALL,),
    }
)
"""What staff may report on a referral that waits for somebody else."""


def updated(case: Case, update: WorkItemUpdated) -> Draft:
    """Draft that somebody claims, assigns, releases, snoozes or comments a work item.

    Raises:
        NotLegal: there is none, or it may not be done now.
    """
    referral = case.referral
    item = referral.work_item
    if item is None:
        raise NotLegal("No work item is open for this referral.")
    due_at = referral.due_at
    match update.act:
        case "claim":
            if item.owner not in {None, update.actor}:
                raise NotLegal("Somebody else has claimed it; let it be assigned to you.")
            item = item.but(owner=update.actor)
        case "assign":
            item = item.but(owner=update.owner)
        case "release":
            item = item.but(owner=None)
        case "snooze":
            due_at = _snoozed_until(item, update, case.now)
            item = item.but(snoozed_until=due_at)
        case "comment":
            item = item.but(comments=item.comments + 1)
    return draft(
        case,
        EventKind.WORK_ITEM_UPDATED,
        referral.status_reason,
        due_at=due_at,
        by=update,
        queue=referral.queue,
        waits_for=Party.STAFF,
        facts=WorkItemFacts(act=update.act, owner=update.owner, until=update.until),
        work_item=item,
    )


def _snoozed_until(item: WorkItem, update: WorkItemUpdated, now: datetime) -> datetime:
    """Return the time, no later than the last one at which the item may come back.

    However often it is snoozed, that time does not move; and a call's time is not to be slept
    through, since the next attempt follows it.
    """
    until, due = update.until, item.due_at
    if due is None:
        raise NotLegal("The item is just being opened: snooze it in a moment.")
    last = due if item.reason is Reason.CALL_DUE else due + LONGEST_SNOOZE
    if until is None or not now < until <= last:
        raise NotLegal(f"Snooze until a time that lies ahead and before {last.isoformat()}.")
    return until


def available_actions(referral: Referral) -> tuple[str, ...]:
    """List what staff may do with a referral now."""
    if referral.is_closed:
        return ()
    item = referral.work_item
    if item is not None:
        own = ("release",) if item.owner else ("claim",)
        return (*item.actions, *own, "assign", "snooze", "comment")
    return _WHILE_WAITING.get(referral.current_step, ())
