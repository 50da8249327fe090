"""Verify what the record proves: the visit, the report, the notice, the acknowledgement.

Every way to the end leads through here, so that no referral is closed on an assumption.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral_core.domain.errors import Final, RouterError
from referral_core.domain.lifecycle import COMPLETED, Outcome, Party, Queue, Status, Step
from referral_core.domain.outreach import Reply
from referral_core.domain.referral import (
    About,
    Hold,
    Notice,
    Referral,
    Report,
    change,
    with_notice,
    with_notice_changed,
)
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Clinics, Directory
from referral_core.steps.content import performer_of
from referral_core.steps.evidence import (
    chase_times,
    is_critical,
    is_missed,
    proposed_outcome,
    report_due,
)
from referral_core.steps.offer_referral import answered, visit_dropped
from referral_core.steps.step import (
    AGAIN,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    due_after,
    needs_person,
    noted,
    onward,
    passed_on,
    rules,
)
from referral_core.steps.visits import attended, facts_of, report_of

_CAME = {
    True: "One of the documents that close the loop is in, another one is missing",
    False: "A document came that does not close the loop",
}
_UNSEEN = frozenset({Status.NO_SHOWED, Status.VISIT_CANCELLED})
_TELLING = Queue.REFERRAL_COORDINATORS
"""The team that sees to it that the referrer is told, wherever the referral ended."""


@dataclass(frozen=True)
class VerifyClosure:
    """Ends `verified`, or says which step follows from what happened instead."""

    directory: Directory
    clinics: Clinics
    name: Step = Step.VERIFY_CLOSURE

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept the report, and what becomes of the notice."""
        return frozenset(
            {
                UpdateKind.REPORT_RECEIVED,
                UpdateKind.SERVICE_ATTESTED,
                UpdateKind.PATIENT_REPLIED,
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
            return passed_on
        if is_critical(referral):
            return _critical  # whatever else the record says, and however the referral ends
        outcome = proposed_outcome(referral)
        if referral.closing is None and (elsewhere := _elsewhere(referral)) is not None:
            return elsewhere
        if outcome is None:
            return self._await_report(referral, moment)
        if outcome not in COMPLETED and referral.offer is not None:
            self._withdraw(referral, outcome)
        closure, notice = rules(referral).closure, referral.notice
        due = due_after(self.directory, referral, moment, closure.notice_within)
        told = notice is not None and notice.outcome is referral.closing is outcome
        if notice is None or not told or notice.undeliverable:
            return lambda current, at: _queue_notice(current, at, outcome, due)
        if not notice.reached:
            return lambda current, at: _await_delivery(current, at, due)
        due = due_after(self.directory, referral, moment, closure.acknowledged_within)
        return lambda current, at: _await_acknowledgement(current, at, notice, due)

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the report, the notice's delivery and its acknowledgement, or the silence."""
        match update.kind:
            case UpdateKind.REPORT_RECEIVED:
                return self._report(referral, update, moment)
            case UpdateKind.PATIENT_REPLIED:
                # After the visit a patient's word settles nothing; it is kept, and a stop counts.
                stopped = update.facts.get("keyword") == Reply.STOP
                return noted(referral, update, moment, opted_out=referral.opted_out or stopped)
            case UpdateKind.SERVICE_ATTESTED if proposed_outcome(referral) is not None:
                return noted(referral, update, moment)
            case UpdateKind.SERVICE_ATTESTED:
                return attended(referral, update, moment, outcome=AGAIN)
            case UpdateKind.NOTICE_DELIVERED:
                return self._delivered(referral, update, moment)
            case UpdateKind.NOTICE_ACKNOWLEDGED:
                return _acknowledged(referral, update, moment)
            case UpdateKind.NOTICE_UNDELIVERABLE:
                if not _is_current(referral, update):
                    return noted(referral, update, moment)
                return needs_person(referral, Reason.NOTICE_UNDELIVERED, moment, actor=update.actor)
            case _:
                return self._silence(referral, update, moment)

    def _withdraw(self, referral: Referral, outcome: Outcome) -> None:
        """Tell the clinic; one that left the directory, or refuses to hear it, holds nobody up."""
        with suppress(Final):
            performer = performer_of(self.directory, referral)
            number = referral.offers[-1].number
            self.clinics.withdraw(performer, f"{referral.id}.b{number}", outcome.value)

    # --- the report --------------------------------------------------------------------------

    def _await_report(self, referral: Referral, moment: Moment) -> Recording:
        """Wait for the report, and remind the clinic of it when the pathway says so."""
        calendar = calendar_of(self.directory, referral)
        chased = sum(at <= moment.now for at in chase_times(referral, moment, calendar))
        if chased > referral.chased and referral.offer is not None:
            # Whether the clinic hears it holds nobody up: the report's due time stands.
            with suppress(RouterError):
                performer = performer_of(self.directory, referral)
                self.clinics.remind(performer, f"{referral.id}.b{referral.offer.number}", "report")
        due = report_due(referral, moment, calendar)
        return lambda current, at: Draft(
            change(
                current,
                "report-awaited" if chased == current.chased else "report-chased",
                at=at.now,
                actor=ROUTER,
                why="The patient was seen; the clinic is to send the report.",
                due_at=due,
                status=Status.SEEN_AWAITING_REPORT,
                chased=chased,
            )
        )

    def _report(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft the report's arrival; one that closes the loop goes to the referrer at once."""
        report = report_of(referral, update, moment)
        known = referral.model_copy(update={"reports": (*referral.reports, report)})
        if not report.sufficient and not report.critical:
            return self._insufficient(known, update, moment)
        within = rules(referral).closure.notice_within
        arrived = change(
            known,
            "report-received",
            at=moment.now,
            actor=update.actor,
            why="The report is in; the referring provider gets the notice of it.",
            due_at=due_after(self.directory, referral, moment, within),
            status=Status.REPORT_RECEIVED,
            waits_for=Party.ROUTER,
            facts=facts_of(report),
            **(_reviewed_first(report) if report.critical else _completed(known, moment)),
        )
        # A critical result is for a clinician first: the step is entered again and sees to it.
        return Draft(arrived, outcome=AGAIN if report.critical else None)

    def _insufficient(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        told, report = referral.notice is not None, referral.reports[-1]
        wanted = {loinc for rule in rules(referral).closure.evidence for loinc in rule.loinc}
        partial = report.final and report.loinc in wanted  # one of several documents
        due = report_due(referral, moment, calendar_of(self.directory, referral))
        back = referral.status is Status.REPORT_RECEIVED and not told
        return Draft(
            change(
                referral,
                "report-received" if partial else "report-insufficient",
                at=moment.now,
                actor=update.actor,
                why=referral.why if told else f"{_CAME[partial]}; the report is awaited.",
                due_at=referral.due_at if told else due,
                status=Status.SEEN_AWAITING_REPORT if back else None,
                facts=facts_of(report),
            )
        )

    def _silence(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        if proposed_outcome(referral) is None:
            calendar = calendar_of(self.directory, referral)
            times = chase_times(referral, moment, calendar)
            if any(at <= moment.now for at in times[referral.chased :]):
                return Draft(
                    change(
                        referral,
                        "report-late",
                        at=moment.now,
                        actor=update.actor,
                        why="The report has not come yet; the clinic is reminded.",
                        due_at=moment.soon,
                    ),
                    outcome=AGAIN,
                )
        return needs_person(referral, _overdue(referral), moment, actor=update.actor)

    # --- the notice --------------------------------------------------------------------------

    def _delivered(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        notice = referral.notice
        if notice is None or not _is_current(referral, update):
            return noted(referral, update, moment)
        if referral.closing not in COMPLETED or notice.acknowledged_at:
            return _verified(referral, update, moment, notice, delivered_at=moment.now)
        closure = rules(referral).closure
        return Draft(
            change(
                referral,
                "notice-delivered",
                at=moment.now,
                actor=update.actor,
                why="The referring provider has the notice and is to acknowledge the report.",
                due_at=due_after(self.directory, referral, moment, closure.acknowledged_within),
                queue=_TELLING,
                waits_for=Party.REFERRER,
                notices=with_notice_changed(referral, notice.number, delivered_at=moment.now),
            )
        )


def _elsewhere(referral: Referral) -> Recording | None:
    """Return the way back into the lifecycle when the record proposes no end; None: stay."""
    if referral.status in _UNSEEN and is_missed(referral):
        return _rebook
    if referral.offer is None and not referral.current_reports:
        return _route_again
    return None


def _critical(referral: Referral, moment: Moment) -> Draft:
    return needs_person(
        referral,
        Reason.CRITICAL_RESULT,
        moment,
        notices=with_notice(referral, moment.now, About.CRITICAL_RESULT),
    )


def _reviewed_first(report: Report) -> dict[str, Any]:
    """Return what a critical report changes: if it suffices, the visit is what closes the loop."""
    return {"closing": None} if report.sufficient else {}


def _completed(referral: Referral, moment: Moment) -> dict[str, Any]:
    outcome = Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    notices = with_notice(referral, moment.now, About.CLOSURE, outcome)
    return {"closing": outcome, "notices": notices}


def _await_acknowledgement(
    referral: Referral, moment: Moment, notice: Notice, due: datetime
) -> Draft:
    """Draft what follows a notice that has reached the referrer: it is not sent again."""
    if notice.outcome not in COMPLETED or notice.acknowledged_at is not None:
        why = "Everything that closes the loop is on record."
        return onward(referral, moment, "closure-confirmed", why, "verified")
    return Draft(
        change(
            referral,
            "acknowledgement-awaited",
            at=moment.now,
            actor=ROUTER,
            why="The referring provider has the notice and is to acknowledge the report.",
            due_at=due,
            queue=_TELLING,
            waits_for=Party.REFERRER,
        )
    )


def _await_delivery(referral: Referral, moment: Moment, due: datetime) -> Draft:
    return Draft(
        change(
            referral,
            "delivery-awaited",
            at=moment.now,
            actor=ROUTER,
            why="The referring provider is being told how the referral ended.",
            due_at=due,
            queue=_TELLING,
            waits_for=Party.ROUTER,
        )
    )


def _queue_notice(referral: Referral, moment: Moment, outcome: Outcome, due: datetime) -> Draft:
    """Draft the notice; writing it is asking for its delivery (the record is the outbox)."""
    release: Hold | None = None
    offers, visit = referral.offers, referral.appointment
    if outcome not in COMPLETED:
        visit = visit_dropped(referral)  # the clinic learns it from the Task that is withdrawn
    if outcome not in COMPLETED and referral.offer is not None:
        release = referral.offer.hold
        offers = answered(referral, "taken-back", outcome.value)
    return Draft(
        change(
            referral,
            "notice-queued",
            at=moment.now,
            actor=ROUTER,
            why="The referring provider is being told how the referral ended.",
            due_at=due,
            queue=_TELLING,
            waits_for=Party.ROUTER,
            facts={"outcome": outcome.value},
            closing=outcome,
            offers=offers,
            appointment=visit,
            notices=with_notice(referral, moment.now, About.CLOSURE, outcome),
        ),
        release=release,
    )


def _is_current(referral: Referral, update: Update) -> bool:
    return referral.notice is not None and update.facts.get("notice") == referral.notice.number


def _acknowledged(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft the acknowledgement; it also proves the delivery, whatever the queue says."""
    notice = referral.notice
    if notice is None or not _is_current(referral, update):
        return noted(referral, update, moment)
    return _verified(
        referral,
        update,
        moment,
        notice,
        acknowledged_at=moment.now,
        delivered_at=notice.delivered_at or moment.now,
    )


def _verified(
    referral: Referral, update: Update, moment: Moment, notice: Notice, **fields: Any
) -> Draft:
    return Draft(
        change(
            referral,
            update.kind.value,
            at=moment.now,
            actor=update.actor,
            why="Everything that closes the loop is on record.",
            due_at=moment.soon,
            notices=with_notice_changed(referral, notice.number, **fields),
        ),
        outcome="verified",
    )


def _overdue(referral: Referral) -> Reason:
    if referral.notice is None:
        return Reason.REPORT_OVERDUE
    if referral.notice.delivered_at is None:
        return Reason.NOTICE_UNDELIVERED
    return Reason.NOT_ACKNOWLEDGED


def _route_again(referral: Referral, moment: Moment) -> Draft:
    why = "The clinic no longer has the referral; another one is chosen next."
    return onward(referral, moment, "routing-resumed", why, "declined")


def _rebook(referral: Referral, moment: Moment) -> Draft:
    visit = rules(referral).visit
    if referral.rebookings >= visit.rebookings:
        return needs_person(
            referral, Reason.REBOOKINGS_EXHAUSTED, moment, queue=visit.no_show_queue
        )
    why = "The patient is contacted to book another visit."
    return onward(
        referral,
        moment,
        "rebooking-started",
        why,
        "missed",
        rebookings=referral.rebookings + 1,
        contacts_before=len(referral.contacts),
        outreach_from=None,
        escalated=False,
        patient_answer=None,
    )
