"""Verify what the record proves: the visit, the report, the notice, the acknowledgement.

Every way to the end leads through here, so that no referral is closed on an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from referral_core.domain.errors import Permanent, RouterError
from referral_core.domain.events import ClosureFacts, EventKind, ReportFacts
from referral_core.domain.lifecycle import COMPLETED, End, Next, Outcome, Party, Status, Step
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import NoticeTopic, Offer, Referral
from referral_core.domain.updates import (
    PatientReplied,
    ServiceAttested,
    Update,
    UpdateKind,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import (
    Draft,
    continue_to,
    draft,
    forward_work_item,
    open_work_item,
    record_only,
    release,
    start_draft,
)
from referral_core.lifecycle.evidence import (
    is_critical,
    is_missed,
    overdue_reason,
    proposed_outcome,
    report_due,
    report_reminder_times,
)
from referral_core.lifecycle.outreach import ending_message
from referral_core.lifecycle.reactions.appointment import fulfilled
from referral_core.lifecycle.reactions.authorization import is_lost_unseen
from referral_core.lifecycle.reactions.closing_report import received_while_verifying
from referral_core.lifecycle.reactions.notice import NOTIFYING, is_critical_under_way
from referral_core.lifecycle.reactions.offer import ORDER_CHANGED
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.reactions.unasked import wrote
from referral_core.lifecycle.reactions.while_ending import WHILE_ENDING
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.lifecycle import Clinics

_UNSEEN: Final = frozenset({Status.NOSHOW, Status.APPOINTMENT_CANCELLED})


def _replied(case: Case, update: PatientReplied) -> Draft:
    if update.reply is Reply.YES and not case.referral.is_ending:
        return record_only(case, update)  # they came, as they said
    return wrote(case, update)


def _attested(case: Case, update: ServiceAttested) -> Draft:
    if proposed_outcome(case) is not None:
        return record_only(case, update)
    return fulfilled(case, update)


@dataclass(frozen=True)
class VerifyClosure(Reacting):
    """Goes on once everything is verified, or to the step that follows from what happened."""

    clinics: Clinics
    name: ClassVar[Step] = Step.VERIFY_CLOSURE
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.OFFER_REFERRAL,
            Step.CLOSE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.CONTACT_PATIENT,
            Step.ROUTE_REFERRAL,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        **reactions_to(
            UpdateKind.NOTICE_DELIVERED,
            UpdateKind.NOTICE_ACKNOWLEDGED,
        ),
        **WHILE_ENDING,
        UpdateKind.REPORT_RECEIVED: received_while_verifying,
        UpdateKind.SERVICE_ATTESTED: _attested,
        UpdateKind.PATIENT_REPLIED: _replied,
    }

    def start(self, case: Case) -> Draft:
        """Record that the evidence is being read."""
        return start_draft(case, self.name, "Verifying what closes the loop.")

    def execute(self, case: Case) -> Recorder:
        """Read the record and go where it leads; tell the clinic when it is no longer needed."""
        referral = case.referral
        if referral.work_item is not None:
            return forward_work_item
        if is_critical(case):
            return _critical  # whatever else the record says, and however the referral ends
        if referral.proposed_outcome is None and (elsewhere := _elsewhere(case)) is not None:
            return elsewhere
        if is_lost_unseen(case):
            return lambda current: open_work_item(current, Reason.AUTHORIZATION_DENIED_LATE)
        outcome = proposed_outcome(case)
        if outcome is None:
            return self._await_report(case)
        if outcome not in COMPLETED and (offer := _to_be_told(referral)) is not None:
            self._withdraw(case, offer, outcome)
        return _notifying(case, outcome)

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Draft what is late: the report, the notice or its acknowledgement."""
        if proposed_outcome(case) is None:
            times = report_reminder_times(case)
            if any(at <= case.now for at in times[case.referral.report_reminders :]):
                return draft(
                    case,
                    EventKind.REPORT_LATE,
                    "The report has not come yet; the clinic is reminded.",
                    then=Step.VERIFY_CLOSURE,
                    by=update,
                )
        reason = overdue_reason(case.referral)
        notice = case.referral.notice
        if reason is Reason.NOTICE_UNDELIVERED and notice is not None:
            late = case.referral.with_notice_changed(notice.number, undeliverable=True)
            return open_work_item(case, reason, by=update, notices=late)
        return open_work_item(case, reason, by=update)

    def _withdraw(self, case: Case, offer: Offer, outcome: Outcome) -> None:
        """Tell the clinic; one that left the directory, or refuses to hear it, holds nobody up."""
        with suppress(Permanent):
            self.clinics.withdraw(case.performer(offer), case.task_id(offer), outcome.value)

    def _await_report(self, case: Case) -> Recorder:
        """Wait for the report, and remind the clinic of it when the pathway says so."""
        referral = case.referral
        reminders = sum(at <= case.now for at in report_reminder_times(case))
        if reminders > referral.report_reminders and referral.offer is not None:
            # Whether the clinic hears it holds nobody up: the report's due time stands.
            with suppress(RouterError):
                self.clinics.remind(case.performer(), case.task_id(referral.offer), "report")
        due = report_due(case)
        return lambda current: _report_awaited(current, due, reminders)


def _to_be_told(referral: Referral) -> Offer | None:
    """Return the offer whose clinic must learn that the referral ends.

    One that was taken back while the order is checked again has not been told yet.
    """
    last = referral.offers[-1] if referral.offers else None
    is_unaware = last is not None and last.reason == ORDER_CHANGED
    return referral.offer or (last if is_unaware else None)


def _notifying(case: Case, outcome: Outcome) -> Recorder:
    """Return what follows once the outcome is known: the notice, the patient, the answer."""
    referral, notice = case.referral, case.referral.notice
    if notice is None or notice.undeliverable:
        return lambda case: _queue_notice(case, outcome)
    if not notice.outcome is referral.proposed_outcome is outcome:
        return lambda case: _queue_notice(case, outcome)
    if ending_message.is_owed(case):
        return ending_message.leads_to
    return _await_acknowledgement if notice.reached else _await_delivery


def _report_awaited(case: Case, due: datetime, reminders: int) -> Draft:
    same = reminders == case.referral.report_reminders
    return draft(
        case,
        EventKind.REPORT_AWAITED if same else EventKind.REPORT_REMINDED,
        "The patient was seen; the clinic is to send the report.",
        due_at=due,
        status=Status.SEEN_AWAITING_REPORT,
        facts=ReportFacts(),
        report_reminders=reminders,
    )


def _elsewhere(case: Case) -> Recorder | None:
    """Return the way back into the lifecycle when the record proposes no end; None: stay."""
    referral = case.referral
    if referral.status in _UNSEEN and is_missed(case):
        return _rebook
    if referral.offer is None and not referral.current_reports:
        return _route_again
    return None


def _critical(case: Case) -> Draft:
    notices = case.referral.with_notice(case.now, NoticeTopic.CRITICAL_RESULT)
    return open_work_item(case, Reason.CRITICAL_RESULT, notices=notices)


def _await_acknowledgement(case: Case) -> Draft:
    """Draft what follows a notice that has reached the referrer: it is not sent again."""
    notice = case.referral.notice
    if notice is None or notice.outcome not in COMPLETED or notice.acknowledged_at is not None:
        if is_critical_under_way(case.referral):
            return _await_delivery(case)
        return continue_to(
            case,
            Step.CLOSE_REFERRAL,
            EventKind.CLOSURE_CONFIRMED,
            "Everything that closes the loop is on record.",
        )
    return draft(
        case,
        EventKind.ACKNOWLEDGEMENT_AWAITED,
        "The referring provider has the notice and is to acknowledge the report.",
        due_at=case.due_after(case.rules.closure.acknowledged_within),
        queue=NOTIFYING,
        waits_for=Party.REFERRER,
        facts=ClosureFacts(notice=notice.number),
    )


def _await_delivery(case: Case) -> Draft:
    return draft(
        case,
        EventKind.NOTICE_AWAITED,
        "The referring provider is being told how the referral ended.",
        due_at=case.due_after(case.rules.closure.notice_within),
        queue=NOTIFYING,
        waits_for=Party.ROUTER,
    )


def _queue_notice(case: Case, outcome: Outcome) -> Draft:
    """Draft the notice; writing it is asking for its delivery (the record is the outbox)."""
    referral, effects = case.referral, release(None)
    offers, appointment = referral.offers, referral.appointment
    if outcome not in COMPLETED:
        # The clinic learns it from the Task that is withdrawn.
        if appointment is not None and appointment.is_booked:
            appointment = appointment.cancelled().but(called_off=True)
        effects = release(referral.offer)
        offers = referral.with_offer_ended("taken-back", outcome.value)
    return draft(
        case,
        EventKind.NOTICE_QUEUED,
        "The referring provider is being told how the referral ended.",
        due_at=case.due_after(case.rules.closure.notice_within),
        then=Step.VERIFY_CLOSURE if ending_message.is_owed(case) else None,
        queue=NOTIFYING,
        waits_for=Party.ROUTER,
        facts=ClosureFacts(outcome=outcome, notice=len(referral.notices) + 1),
        effects=effects,
        proposed_outcome=outcome,
        offers=offers,
        appointment=appointment,
        notices=referral.with_notice(case.now, NoticeTopic.CLOSURE, outcome),
    )


def _route_again(case: Case) -> Draft:
    return continue_to(
        case,
        Step.ROUTE_REFERRAL,
        EventKind.ROUTING_RESUMED,
        "The clinic no longer has the referral; another one is chosen next.",
    )


def _rebook(case: Case) -> Draft:
    visit, referral = case.rules.visit, case.referral
    if referral.rebookings >= visit.rebookings:
        return open_work_item(case, Reason.REBOOKINGS_EXHAUSTED, queue=visit.no_show_queue)
    return continue_to(
        case,
        Step.CONTACT_PATIENT,
        EventKind.REBOOKING_STARTED,
        "The patient is contacted to book another visit.",
        rebookings=referral.rebookings + 1,
        contacts_window_start=len(referral.contacts),
        outreach_from=None,
        escalated=False,
        patient_reply=None,
    )
