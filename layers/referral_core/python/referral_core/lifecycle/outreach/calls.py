"""Calls that staff are to make while the patient is being reached: due, then overdue."""

from __future__ import annotations

from datetime import datetime

from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import Party, Step
from referral_core.domain.referral import WorkItem
from referral_core.domain.updates import Reported
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft
from referral_core.lifecycle.outreach.alternates import sentence_of


def call_due(case: Case, until: datetime) -> Draft:
    """Draft that a call stands on the contact center's worklist until an instant."""
    policy = WORK_ITEM_POLICIES[Reason.CALL_DUE]
    item = WorkItem(
        reason=Reason.CALL_DUE,
        opened_at=case.now,
        resume_at=Step.CONTACT_PATIENT,
        actions=actions_of(Reason.CALL_DUE),
        due_at=until,
    )
    return draft(
        case,
        EventKind.CALL_DUE,
        sentence_of(case, case.referral.contacts[-1]) or policy.status_reason,
        due_at=until,
        queue=policy.queue,
        waits_for=Party.STAFF,
        facts=ContactFacts(attempt=case.referral.contacts[-1].number),
        work_item=item,
    )


def call_overdue(case: Case, update: Reported, until: datetime) -> Draft:
    """Draft that nobody called in time: the item stays until the next attempt's turn."""
    sentence = sentence_of(case, case.referral.contacts[-1])
    return draft(
        case,
        EventKind.CALL_OVERDUE,
        f"Overdue. {sentence or WORK_ITEM_POLICIES[Reason.CALL_DUE].status_reason}",
        due_at=until,
        by=update,
        queue=case.referral.queue,
        waits_for=Party.STAFF,
        facts=ContactFacts(attempt=case.referral.contacts[-1].number),
    )
