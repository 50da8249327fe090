"""An open work item: until when somebody must decide, and what keeps it where it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from referral_core.domain.calendar import Span
from referral_core.domain.lifecycle import Party, Step
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work_items import TO_BE_READ, Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.outreach.visit_off import is_believed_in
from referral_core.lifecycle.reactions.decision import item_of

_AT_ONCE: Final[Mapping[Reason, Span]] = {
    Reason.CRITICAL_RESULT: "1h",
    Reason.PATIENT_NOT_TOLD: "1h",
    # Whether it holds a critical result is what the person is to see.
    Reason.REPORT_OF_FORMER_PERFORMER: "1h",
}
"""What cannot wait as long as the pathway's other work items."""


def due_of(case: Case) -> datetime:
    """Return when somebody must have decided: before the visit that may not take place.

    Whatever is open while the patient believes in a visit that is off keeps them from being told.
    """
    reason = item_of(case.referral).reason
    hurries = Reason.PATIENT_NOT_TOLD if is_believed_in(case) else reason
    within = _AT_ONCE.get(hurries, case.rules.work_item_within)
    due, appointment = case.due_after(within), case.referral.appointment
    if appointment is None or not appointment.is_booked or appointment.start <= case.soon:
        return due
    return min(due, appointment.start)


def kept_open(case: Case, update: Update, reaction: Draft) -> Draft:
    """Keep an open item where it is, for the reason that came up now.

    Whatever drafts it, a work item leads to no other one: it would resume at itself. What a person
    must have read stays before that person whatever settles the rest: the referral goes on with
    what came meanwhile once it was read.
    """
    referral, after, following = case.referral, reaction.after, reaction.next
    item = item_of(referral)
    if following is Step.OPEN_WORK_ITEM and after.work_item is not None:
        due = due_of(case.of(after))
        # Whoever has it keeps it within the team; another team takes it up anew.
        owner = item.owner if after.queue is referral.queue else None
        kept = after.work_item.but(owner=owner, resume_at=item.resume_at, due_at=due)
        return reaction.with_after(after.but(work_item=kept, due_at=due)).to(None)
    is_settled = after.work_item is None and update.kind is not UpdateKind.DECISION
    if item.reason in TO_BE_READ and isinstance(following, Step) and is_settled:
        unread = after.but(
            work_item=item.but(resume_at=following),
            queue=referral.queue,
            waits_for=Party.STAFF,
            due_at=referral.due_at,
            status_reason=referral.status_reason,
        )
        return reaction.with_after(unread).to(None)
    return reaction
