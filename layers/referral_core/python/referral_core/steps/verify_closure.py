"""Verify what the record proves: the visit, the report, the notice, the acknowledgement.

Every way to the end leads through here, so that no referral is closed on an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral_core.domain.lifecycle import COMPLETED, Outcome, Party, Status, Step
from referral_core.domain.referral import Hold, Notice, Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Clinics, Directory
from referral_core.steps.await_visit import report_in
from referral_core.steps.content import performer_of
from referral_core.steps.offer_referral import answered
from referral_core.steps.step import (
    ROUTER,
    WORK_ITEM,
    Draft,
    Moment,
    Recording,
    begun,
    due_after,
    needs_person,
    rules,
)


@dataclass(frozen=True)
class VerifyClosure:
    """Ends `verified`, or says which step follows from what happened instead."""

    directory: Directory
    clinics: Clinics
    name: Step = Step.VERIFY_CLOSURE
    accepts: frozenset[UpdateKind] = frozenset(
        {
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.NOTICE_DELIVERED,
            UpdateKind.NOTICE_UNDELIVERABLE,
            UpdateKind.NOTICE_ACKNOWLEDGED,
        }
    )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the evidence is being read."""
        return begun(referral, self.name, moment, "Verifying what closes the loop.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Read the record and go where it leads; tell the clinic when it is no longer needed."""
        if referral.work_item is not None:
            return _to_work_item
        if referral.status in {Status.NO_SHOWED, Status.VISIT_CANCELLED}:
            return _rebook
        if referral.status is Status.RECIPIENT_DECLINED:
            return _route_again
        closure = rules(referral).closure
        outcome = _outcome(referral)
        if outcome is None:
            due = due_after(self.directory, referral, moment, closure.report_within)
            return lambda current, at: _await_report(current, at, due)
        if outcome not in COMPLETED and referral.offer is not None:
            performer = performer_of(self.directory, referral)
            task_id = f"{referral.id}.b{referral.offer.number}"
            self.clinics.withdraw(performer, task_id, outcome.value)
        notice = referral.notice
        if notice is not None and notice.reached and notice.outcome is outcome:
            due = due_after(self.directory, referral, moment, closure.acknowledged_within)
            return lambda current, at: _await_acknowledgement(current, at, notice, due)
        due = due_after(self.directory, referral, moment, closure.notice_within)
        return lambda current, at: _await_notice(current, at, outcome, due)

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the report, the notice's delivery and its acknowledgement, or the silence."""
        match update.kind:
            case UpdateKind.REPORT_RECEIVED:
                return self._report(referral, update, moment)
            case UpdateKind.NOTICE_DELIVERED:
                return self._delivered(referral, update, moment)
            case UpdateKind.NOTICE_ACKNOWLEDGED:
                return _acknowledged(referral, update, moment)
            case UpdateKind.NOTICE_UNDELIVERABLE:
                return needs_person(referral, Reason.NOTICE_UNDELIVERED, moment, actor=update.actor)
            case _:
                return needs_person(referral, _overdue(referral), moment, actor=update.actor)

    def _report(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft the report's arrival; one that closes the loop goes to the referrer at once."""
        arrived = report_in(referral, update, moment, outcome=None)
        closure = rules(referral).closure
        report = arrived.change.after.report
        if report is None or not report.sufficient:
            due = due_after(self.directory, referral, moment, closure.report_within)
            return Draft(
                change(
                    referral,
                    "report-insufficient",
                    at=moment.now,
                    actor=update.actor,
                    why="A document came that does not close the loop; the report is awaited.",
                    due_at=due,
                    status=Status.SEEN_AWAITING_REPORT
                    if referral.status is Status.REPORT_RECEIVED
                    else None,
                    facts=arrived.change.event.facts,
                    report=report,
                )
            )
        due = due_after(self.directory, referral, moment, closure.notice_within)
        return Draft(
            change(
                referral,
                "report-received",
                at=moment.now,
                actor=update.actor,
                why="The report is in; the referring provider gets the notice of it.",
                due_at=due,
                status=Status.REPORT_RECEIVED,
                facts=arrived.change.event.facts,
                report=report,
                closing=Outcome.COMPLETED_REPORT_ACKNOWLEDGED,
                notice=_notice(referral, moment, Outcome.COMPLETED_REPORT_ACKNOWLEDGED),
            )
        )

    def _delivered(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        if not _is_current(referral, update):
            return _noted(referral, update, moment)
        notice = _of(referral).model_copy(update={"delivered_at": moment.now})
        if referral.closing not in COMPLETED or notice.acknowledged_at:
            return _verified(referral, update, moment, notice)
        closure = rules(referral).closure
        due = due_after(self.directory, referral, moment, closure.acknowledged_within)
        return Draft(
            change(
                referral,
                "notice-delivered",
                at=moment.now,
                actor=update.actor,
                why="The referring provider has the notice and is to acknowledge the report.",
                due_at=due,
                notice=notice,
            )
        )


def _outcome(referral: Referral) -> Outcome | None:
    """Return the outcome that the record proposes; None while the report is missing."""
    if referral.closing is not None:
        return referral.closing
    if referral.report is not None and referral.report.sufficient:
        return Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    return None


def _notice(referral: Referral, moment: Moment, outcome: Outcome) -> Notice:
    number = referral.notice.number + 1 if referral.notice else 1
    return Notice(number=number, outcome=outcome, queued_at=moment.now)


def _await_report(referral: Referral, moment: Moment, due: datetime) -> Draft:
    return Draft(
        change(
            referral,
            "report-awaited",
            at=moment.now,
            actor=ROUTER,
            why="The patient was seen; the clinic is to send the report.",
            due_at=due,
            status=Status.SEEN_AWAITING_REPORT,
        )
    )


def _await_acknowledgement(
    referral: Referral, moment: Moment, notice: Notice, due: datetime
) -> Draft:
    """Draft what follows a notice that has reached the referrer: it is not sent again."""
    if notice.outcome not in COMPLETED or notice.acknowledged_at is not None:
        why = "Everything that closes the loop is on record."
        return _onward(referral, moment, "closure-confirmed", why, "verified")
    return Draft(
        change(
            referral,
            "acknowledgement-awaited",
            at=moment.now,
            actor=ROUTER,
            why="The referring provider has the notice and is to acknowledge the report.",
            due_at=due,
            waits_for=Party.REFERRER,
        )
    )


def _await_notice(referral: Referral, moment: Moment, outcome: Outcome, due: datetime) -> Draft:
    """Draft the notice; writing it is asking for its delivery (the record is the outbox)."""
    completed = outcome in COMPLETED
    release: Hold | None = None
    offers = referral.offers
    if not completed and referral.offer is not None:
        release = referral.offer.hold
        offers = answered(referral, "withdrawn")
    return Draft(
        change(
            referral,
            "notice-queued",
            at=moment.now,
            actor=ROUTER,
            why="The referring provider is being told how the referral ended.",
            due_at=due,
            facts={"outcome": outcome.value},
            closing=outcome,
            offers=offers,
            notice=_notice(referral, moment, outcome),
        ),
        release=release,
    )


def _is_current(referral: Referral, update: Update) -> bool:
    return referral.notice is not None and update.facts.get("notice") == referral.notice.number


def _of(referral: Referral) -> Notice:
    if referral.notice is None:
        raise ValueError("no notice was queued")
    return referral.notice


def _acknowledged(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft the acknowledgement; it also proves the delivery, whatever the queue says."""
    if not _is_current(referral, update):
        return _noted(referral, update, moment)
    notice = _of(referral)
    return _verified(
        referral,
        update,
        moment,
        notice.model_copy(
            update={
                "acknowledged_at": moment.now,
                "delivered_at": notice.delivered_at or moment.now,
            }
        ),
    )


def _verified(referral: Referral, update: Update, moment: Moment, notice: Notice) -> Draft:
    return Draft(
        change(
            referral,
            update.kind.value,
            at=moment.now,
            actor=update.actor,
            why="Everything that closes the loop is on record.",
            due_at=moment.soon,
            notice=notice,
        ),
        outcome="verified",
    )


def _noted(referral: Referral, update: Update, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            f"{update.kind}-noted",
            at=moment.now,
            actor=update.actor,
            why=referral.why,
            due_at=referral.due_at,
            queue=referral.queue,
            waits_for=referral.waits_for,
            facts={"notice": update.facts.get("notice")},
        )
    )


def _overdue(referral: Referral) -> Reason:
    if referral.notice is None:
        return Reason.REPORT_OVERDUE
    if referral.notice.delivered_at is None:
        return Reason.NOTICE_UNDELIVERED
    return Reason.NOT_ACKNOWLEDGED


def _to_work_item(referral: Referral, moment: Moment) -> Draft:
    return _onward(referral, moment, "work-item-passed-on", referral.why, WORK_ITEM)


def _route_again(referral: Referral, moment: Moment) -> Draft:
    why = "The clinic withdrew; another one is chosen next."
    return _onward(referral, moment, "routing-resumed", why, "declined")


def _rebook(referral: Referral, moment: Moment) -> Draft:
    if referral.rebookings >= rules(referral).visit.rebookings:
        return needs_person(referral, Reason.REBOOKINGS_EXHAUSTED, moment)
    why = "The patient is contacted to book another visit."
    return _onward(
        referral,
        moment,
        "rebooking-started",
        why,
        "missed",
        rebookings=referral.rebookings + 1,
        contacts_before=len(referral.contacts),
    )


def _onward(
    referral: Referral, moment: Moment, kind: str, why: str, outcome: str, **regions: Any
) -> Draft:
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
            **regions,
        ),
        outcome=outcome,
    )
