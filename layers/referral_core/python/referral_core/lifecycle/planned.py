"""The plan of a referral: what its step does when nothing comes, and what is due beside it.

Each step's part says what its `on_deadline` and `execute` are going to do; a test lets time pass
and holds the plan to what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.outreach.series import last_contact
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.planned import Planned, PlannedAct, person_looks, will
from referral_core.domain.work_items import Reason
from referral_core.lifecycle import authorized_period
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.evidence import (
    overdue_reason,
    proposed_outcome,
    report_overdue_at,
    report_reminder_times,
)
from referral_core.lifecycle.outreach.attempts import ends_at, escalates_at, is_escalated, upcoming
from referral_core.lifecycle.outreach.messages import reachable
from referral_core.lifecycle.outreach.visit_off import is_told_of
from referral_core.lifecycle.pauses import pause_of
from referral_core.lifecycle.reactions.appointment import is_booked, reminder_times

_SEEN: Final = frozenset({Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED})
_A = PlannedAct


def planned(case: Case, mailbox: Mailbox) -> tuple[Planned, ...]:
    """Return what is going to happen, the first first; nothing of a referral that is closed."""
    referral, wait = case.referral, mailbox.open_wait
    if referral.is_closed:
        return ()
    found = [*_notices(case), *_limits(case)]
    if referral.paused is not None or (wait and pause_of(case, wait.step) is not None):
        # Whatever the step would do then, it does once operations let it.
        found.append(will(_A.PAUSE_LOOKED_AT, referral.due_at))
    elif wait is None:
        found.append(will(_A.STEP_LOOKED_AFTER, referral.due_at))
    elif wait.deadline == authorized_period.ends_at(case):
        found.append(person_looks(Reason.AUTHORIZATION_ENDED, wait.deadline))
    else:
        found += _OF_STEP[wait.step](case, wait.deadline)
    return tuple(sorted(found, key=lambda one: one.at))


def _of_readiness(case: Case, due: datetime) -> Iterator[Planned]:
    referral = case.referral
    is_held = case.content.waits_for is not None
    if is_held or referral.information_requests >= case.rules.readiness.asks:
        yield person_looks(Reason.MISSING_INFORMATION, due)
    else:
        yield will(_A.INFORMATION_ASKED_AGAIN, due)


def _of_routing(case: Case, due: datetime) -> Iterator[Planned]:
    yield will(_A.ROUTED_AGAIN, due)
    if case.referral.waitlist_tries >= case.rules.routing.waitlist_tries:
        # It was put off for the last time: where there is still no room, a person finds some.
        yield person_looks(Reason.NO_CANDIDATE, due)


def _of_authorization(case: Case, due: datetime) -> Iterator[Planned]:
    known = case.referral.authorization
    ends = known.due_at if known else None
    if ends is not None and ends > due:
        yield will(_A.PAYER_CLOCK_WARNED, due)
    yield person_looks(Reason.AUTHORIZATION_OVERDUE, max(ends or due, due))


def _of_offer(case: Case, due: datetime) -> Iterator[Planned]:
    offer, rule = case.referral.offer, case.rules.offer
    if offer is None or offer.offered_at is None or offer.reminded or not rule.remind_after:
        yield _without_answer(case, due)
        return
    yield will(_A.CLINIC_REMINDED_TO_ANSWER, due)
    silent_at = case.calendar.after(offer.offered_at, rule.answer_within)
    yield _without_answer(case, max(silent_at, due))


def _without_answer(case: Case, at: datetime) -> Planned:
    """Say what a silent clinic leads to: another one, or a person where enough were asked."""
    asked = len(case.referral.offers) - case.referral.offers_window_start
    if asked >= case.rules.offer.offers:
        return person_looks(Reason.NO_CANDIDATE, at)
    return will(_A.ANOTHER_CLINIC_CHOSEN, at)


def _of_outreach(case: Case, due: datetime) -> Iterator[Planned]:
    referral, outreach = case.referral, case.rules.outreach
    if referral.is_ending or is_told_of(referral):
        yield will(_A.PATIENT_TOLD, due)
        return
    if referral.asked_with is not None:
        yield will(_A.SERIES_LOOKED_AT, due)
        return
    last = last_contact(referral)
    if last is not None and last.state == "due":
        yield will(_A.CALL_TO_BE_MADE, due, queue=referral.queue)
    by_time = escalates_at(case)
    if is_escalated(case) or by_time is not None:
        at = max(by_time or due, due) if is_escalated(case) else max(by_time or due, case.now)
        yield person_looks(Reason.ESCALATED, at, outreach.escalate_to)
    for attempt, at in upcoming(case):
        yield will(_A.PATIENT_CONTACTED, max(at, due), channel=attempt.channel)
    yield will(_A.SERIES_ENDS, max(ends_at(case), due))


def _of_visit(case: Case, due: datetime) -> Iterator[Planned]:
    appointment = case.referral.appointment
    if appointment is None or not appointment.is_booked:
        yield person_looks(Reason.NOT_BOOKED, due)
        return
    if reachable(case, "sms"):
        for at in _ahead(case, reminder_times(case, appointment), appointment.reminders, due):
            if at < appointment.start:
                yield will(_A.PATIENT_REMINDED, at)
    word = case.calendar.after(appointment.start, case.rules.visit.word_after_visit)
    yield person_looks(Reason.VISIT_UNCONFIRMED, max(word, due))


def _ahead(case: Case, times: Sequence[datetime], done: int, due: datetime) -> Iterator[datetime]:
    """Iterate over the reminders to come; of those whose time has passed one is sent, at the due.

    Args:
        case: the referral and the moment.
        times: of all of them, the first first.
        done: how many were sent, or are past.
        due: when the step looks next.
    """
    if any(at <= case.now for at in times[done:]):
        yield due
    yield from (at for at in times if at > case.now)


def _of_closure(case: Case, due: datetime) -> Iterator[Planned]:
    if proposed_outcome(case) is not None:
        yield person_looks(overdue_reason(case.referral), due)
        return
    times = tuple(_ahead(case, report_reminder_times(case), case.referral.report_reminders, due))
    for at in times:
        yield will(_A.CLINIC_REMINDED_OF_REPORT, at)
    is_late = due <= case.now and due not in times
    yield person_looks(Reason.REPORT_OVERDUE, due if is_late else max(report_overdue_at(case), due))


def _of_work_item(case: Case, due: datetime) -> Iterator[Planned]:
    referral, item = case.referral, case.referral.work_item
    if item is not None and item.snoozed_until is not None:
        yield will(_A.ITEM_AWAKES, item.snoozed_until)
    item_due = referral.item_due_at or due
    # What is overdue is said again at the end of the wait.
    yield will(_A.ITEM_DUE, item_due if item_due > case.now else due, queue=referral.queue)


_OF_STEP: Final[Mapping[Step, Callable[[Case, datetime], Iterator[Planned]]]] = MappingProxyType(
    {
        Step.CHECK_READINESS: _of_readiness,
        Step.ROUTE_REFERRAL: _of_routing,
        Step.REQUEST_AUTHORIZATION: _of_authorization,
        Step.OFFER_REFERRAL: _of_offer,
        Step.CONTACT_PATIENT: _of_outreach,
        Step.AWAIT_VISIT: _of_visit,
        Step.VERIFY_CLOSURE: _of_closure,
        Step.OPEN_WORK_ITEM: _of_work_item,
    }
)
"""What a step that waits does, given when its wait ends."""


def _notices(case: Case) -> Iterator[Planned]:
    for notice in case.referral.notices_under_way:
        if notice.due_at is not None and notice.due_at < notice.give_up_at:
            yield will(_A.NOTICE_ASKED_AGAIN, notice.due_at)
        yield person_looks(Reason.NOTICE_UNDELIVERED, notice.give_up_at)


def _limits(case: Case) -> Iterator[Planned]:
    """Say what holds whatever the step does: the visit, its limit, the authorized period."""
    referral, limit = case.referral, case.wanted_by
    appointment, known = referral.appointment, referral.authorization
    if appointment is not None and is_booked(referral) and appointment.start > case.now:
        yield will(_A.VISIT, appointment.start)
    if limit is not None and referral.status not in _SEEN and not is_booked(referral):
        yield will(_A.WANTED_BY, limit)
    is_approved = known is not None and known.status is AuthorizationStatus.APPROVED
    ends = known.ends_at(case.profile.time_zone) if known is not None and is_approved else None
    if ends is not None and referral.status not in _SEEN:
        yield will(_A.AUTHORIZATION_ENDS, ends)
