"""What is written without any step's doing: notes, the care of a work item, notices, reopening."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.referral import (
    About,
    Referral,
    Reopening,
    WorkItem,
    change,
    with_notice_changed,
)
from referral_core.domain.updates import ONLY_INFORMS, Update, UpdateKind
from referral_core.domain.work import ENTER_AUTHORIZATION, RECORD_CALL, RETRY, Reason
from referral_core.steps.offer_referral import answered, visit_dropped
from referral_core.steps.step import Draft, Moment, noted

LONGEST_SNOOZE: Final = timedelta(days=14)
"""After the due time of the item."""

REOPENS: Final[Mapping[Step, Status]] = MappingProxyType(
    {
        Step.CHECK_READINESS: Status.RECEIVED,
        Step.ROUTE_REFERRAL: Status.ROUTING,
        Step.CONTACT_PATIENT: Status.CONTACTING_PATIENT,
        Step.VERIFY_CLOSURE: Status.SEEN_AWAITING_REPORT,
    }
)
"""Where a closed referral may go on, and the status that it has there."""
_NEED_PERFORMER: Final = frozenset({Step.CONTACT_PATIENT, Step.VERIFY_CLOSURE})
_NOTICE_KINDS: Final = frozenset(
    {
        UpdateKind.NOTICE_DELIVERED,
        UpdateKind.NOTICE_UNDELIVERABLE,
        UpdateKind.NOTICE_ACKNOWLEDGED,
    }
)


def recorded_at_once(referral: Referral, update: Update, moment: Moment) -> Draft | None:
    """Draft what only informs; None for an update that some wait is to use."""
    if update.kind is UpdateKind.WORK_ITEM_UPDATED:
        return _item_updated(referral, update, moment)
    if update.kind in ONLY_INFORMS:
        return noted(referral, update, moment, "update-received")
    if update.kind in _NOTICE_KINDS:
        return _side_notice(referral, update, moment)
    return None


_OF_AN_OFFER: Final = frozenset({UpdateKind.OFFER_ACCEPTED, UpdateKind.OFFER_DECLINED})
_OF_A_VISIT: Final = frozenset({UpdateKind.APPOINTMENT_CANCELLED, UpdateKind.PATIENT_NO_SHOW})


def is_about_another(referral: Referral, update: Update) -> bool:
    """Whether a clinic speaks of an offer or a visit that is no longer the one in hand."""
    facts = update.facts
    if update.kind in _OF_AN_OFFER and facts.get("offer") is not None:
        return referral.offer is None or referral.offer.number != facts["offer"]
    visit, named = referral.appointment, facts.get("appointment")
    if update.kind in _OF_A_VISIT and visit is not None and named is not None:
        start = facts.get("start")
        same_start = start is not None and datetime.fromisoformat(str(start)) == visit.start
        return named != visit.number and not same_start
    return False


def _side_notice(referral: Referral, update: Update, moment: Moment) -> Draft | None:
    """Draft what became of a notice that is not about the closure: nobody waits for it."""
    number = update.facts.get("notice")
    notice = next((n for n in referral.notices if n.number == number), None)
    if notice is None or notice.about is About.CLOSURE:
        return None
    fields: dict[str, object] = {"delivered_at": notice.delivered_at or moment.now}
    if update.kind is UpdateKind.NOTICE_UNDELIVERABLE:
        fields = {"undeliverable": True}
    elif update.kind is UpdateKind.NOTICE_ACKNOWLEDGED:
        fields["acknowledged_at"] = moment.now
    changed = with_notice_changed(referral, notice.number, **fields)
    return noted(referral, update, moment, update.kind.value, notices=changed)


def _item_updated(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft that somebody claims, assigns, releases, snoozes or comments a work item.

    Raises:
        NotLegal: there is none, or it may not be done now.
    """
    item = referral.work_item
    if item is None:
        raise NotLegal("No work item is open for this referral.")
    due_at = referral.due_at
    match update.facts.get("act"):
        case "claim":
            if item.owner not in {None, update.actor}:
                raise NotLegal("Somebody else has claimed it; let it be assigned to you.")
            item = item.model_copy(update={"owner": update.actor})
        case "assign":
            item = item.model_copy(update={"owner": str(update.facts["owner"])})
        case "release":
            item = item.model_copy(update={"owner": None})
        case "snooze":
            due_at = _snoozed_until(item, update, moment)
            item = item.model_copy(update={"snoozed_until": due_at})
        case _:
            item = item.model_copy(update={"comments": item.comments + 1})
    return Draft(
        change(
            referral,
            f"work-item-{update.facts.get('act')}",
            at=moment.now,
            actor=update.actor,
            why=referral.why,
            due_at=due_at,
            queue=referral.queue,
            waits_for=Party.STAFF,
            facts=update.facts,
            work_item=item,
        )
    )


def _snoozed_until(item: WorkItem, update: Update, moment: Moment) -> datetime:
    """Return the time, no later than the last one at which the item may come back.

    However often it is snoozed, that time does not move; and a call's time is not to be slept
    through, since the next attempt follows it.
    """
    until, due = datetime.fromisoformat(str(update.facts["until"])), item.due_at
    if due is None:
        raise NotLegal("The item is just being opened: snooze it in a moment.")
    last = due if item.reason is Reason.CALL_DUE else due + LONGEST_SNOOZE
    if not moment.now < until <= last:
        raise NotLegal(f"Snooze until a time that lies ahead and before {last.isoformat()}.")
    return until


def available_actions(referral: Referral) -> tuple[str, ...]:
    """List what staff may do with a referral now."""
    if referral.is_closed:
        return ()
    if referral.work_item is not None:
        return (*referral.work_item.actions, *item_acts(referral.work_item))
    return _BY_PHASE.get(referral.phase, ())


_BY_PHASE: Final[Mapping[Step, tuple[str, ...]]] = MappingProxyType(
    {
        Step.ROUTE_REFERRAL: (RETRY,),
        Step.REQUEST_AUTHORIZATION: (ENTER_AUTHORIZATION,),
        Step.CONTACT_PATIENT: (RECORD_CALL,),
        Step.AWAIT_VISIT: (RECORD_CALL,),
    }
)
"""What staff may tell a referral that waits for somebody else."""


def item_acts(item: WorkItem) -> tuple[str, ...]:
    """List what may be done with a work item besides deciding it."""
    own = ("release",) if item.owner else ("claim",)
    return (*own, "assign", "snooze", "comment")


def reopened(referral: Referral, resume: Step, moment: Moment, actor: str, reason: str) -> Draft:
    """Draft the next run of a closed referral.

    Raises:
        NotLegal: it is not closed, or cannot be resumed there.
    """
    if not referral.is_closed:
        raise NotLegal("The referral is open: there is nothing to reopen.")
    if resume not in REOPENS:
        raise NotLegal(f"Resume at one of {', '.join(REOPENS)}.")
    if resume in _NEED_PERFORMER and referral.offer is None:
        raise NotLegal(f"No clinic has the referral: resume at {Step.ROUTE_REFERRAL}.")
    # Whoever is chosen next, the clinic that had it is told, and its place is free.
    rerouted = resume not in _NEED_PERFORMER and referral.offer is not None
    closure = Reopening(
        at=moment.now,
        actor=actor,
        reason=reason,
        closed_version=referral.version,
        outcome=referral.outcome,
        loop_closed=referral.loop_closed,
        notices=len(referral.notices),
        reports=len(referral.reports),
    )
    return Draft(
        change(
            referral,
            "reopened",
            at=moment.now,
            actor=actor,
            why="Opened again; a new run resumes it.",
            due_at=moment.soon,
            status=REOPENS[resume],
            facts={
                "reason": reason,
                "closed_version": referral.version,
                "outcome": referral.outcome.value if referral.outcome else None,
            },
            metered={"states": 1},
            run=referral.run + 1,
            restarts=0,
            phase=resume,
            closing=None,
            outcome=None,
            closed_at=None,
            loop_closed=False,
            work_item=None,
            attestation=None,
            chased=0,
            reviewed=len(referral.reports),
            appointment=visit_dropped(referral),
            offers=answered(referral, "taken-back", "reopened") if rerouted else referral.offers,
            offers_before=len(referral.offers),
            contacts_before=len(referral.contacts),
            outreach_from=None,
            escalated=False,
            patient_answer=None,
            information_requests=0,
            waitlist_tries=0,
            rebookings=0,
            reopenings=(*referral.reopenings, closure),
        ),
        release=referral.offer.hold if rerouted and referral.offer else None,
    )
