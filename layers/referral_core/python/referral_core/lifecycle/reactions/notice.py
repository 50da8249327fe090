"""What became of a notice to the referring provider."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.lifecycle import COMPLETED, Party, Queue, Status, Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.referral import Notice, NoticeTopic, Referral
from referral_core.domain.updates import (
    DecisionMade,
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeUndeliverable,
    NoticeUpdate,
)
from referral_core.domain.work_items import RETRY, TOLD_ANOTHER_WAY, Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only
from referral_core.lifecycle.outreach import ending_message

NOTIFYING = Queue.REFERRAL_COORDINATORS
"""The team that sees to it that the referrer is told, wherever the referral ended."""

_UNDELIVERED: Final = "The EHR did not take a notice: tell the referring provider another way."
_KINDS = {
    NoticeDelivered: EventKind.NOTICE_DELIVERED,
    NoticeUndeliverable: EventKind.NOTICE_UNDELIVERABLE,
    NoticeAcknowledged: EventKind.NOTICE_ACKNOWLEDGED,
}


def settled(referral: Referral, update: NoticeUpdate, now: datetime) -> Referral:
    """Return the referral with what became of a notice, whatever else that leads to."""
    notice = _named(referral, update)
    if notice is None or (isinstance(update, NoticeUndeliverable) and notice.reached):
        return referral
    if isinstance(update, NoticeUndeliverable):
        return referral.but(notices=referral.with_notice_changed(notice.number, undeliverable=True))
    is_acknowledged = isinstance(update, NoticeAcknowledged)
    return referral.but(
        notices=referral.with_notice_changed(
            notice.number,
            delivered_at=notice.delivered_at or now,
            acknowledged_at=now if is_acknowledged else notice.acknowledged_at,
            undeliverable=False,
        )
    )


def beside_the_closure(case: Case, update: NoticeUpdate, wait: Wait | None) -> Draft | None:
    """Draft what became of a notice that nobody waits for; None where it leads further."""
    notice, item = _named(case.referral, update), case.referral.work_item
    if isinstance(update, NoticeUndeliverable):
        if item is None or item.reason is not Reason.NOTICE_UNDELIVERED:
            return None
        # The person who sees to one that was not delivered sees to all of them.
    elif notice is None or _is_awaited(case, notice, wait):
        return None
    return record_only(case, update, _KINDS[type(update)], facts=ClosureFacts(notice=update.notice))


def _named(referral: Referral, update: NoticeUpdate) -> Notice | None:
    return next((n for n in referral.notices if n.number == update.notice), None)


def _is_awaited(case: Case, notice: Notice, wait: Wait | None) -> bool:
    """Whether a wait may end with a notice: it closes the loop, or a person looks into it."""
    if notice.topic is NoticeTopic.CLOSURE:
        return True
    item = case.referral.work_item
    if wait is None or (item is not None and item.reason is not Reason.NOTICE_UNDELIVERED):
        return False
    return wait.step in {Step.VERIFY_CLOSURE, Step.OPEN_WORK_ITEM}


def is_current(case: Case, update: NoticeUpdate) -> bool:
    """Whether an update is about the notice that is waited for."""
    notice = case.referral.notice
    return notice is not None and update.notice == notice.number


def delivered(case: Case, update: NoticeDelivered) -> Draft:
    """Draft that the referrer has the notice: completed care is acknowledged as well."""
    referral, notice = case.referral, case.referral.notice
    if notice is None or not is_current(case, update):
        return _beside(case, update)
    if referral.proposed_outcome not in COMPLETED or notice.acknowledged_at:
        return _verified(case, update)
    within = case.rules.closure.acknowledged_within
    return draft(
        case,
        EventKind.NOTICE_DELIVERED,
        "The referring provider has the notice and is to acknowledge the report.",
        due_at=case.due_after(within),
        by=update,
        queue=NOTIFYING,
        waits_for=Party.REFERRER,
        facts=ClosureFacts(notice=notice.number),
    )


def acknowledged(case: Case, update: NoticeAcknowledged) -> Draft:
    """Draft the acknowledgement; it also proves the delivery, whatever the queue says."""
    if not is_current(case, update):
        return _beside(case, update)
    return _verified(case, update)


def undeliverable(case: Case, update: NoticeUndeliverable) -> Draft:
    """Draft that the referrer's EHR does not take the notice: a person tells them."""
    notice = _named(case.referral, update)
    if notice is None or notice.reached or _is_overtaken(case, notice):
        return record_only(case, update)
    if notice.topic is NoticeTopic.INFORMATION_NEEDED:
        return open_work_item(case, Reason.MISSING_INFORMATION, by=update)
    return open_work_item(case, Reason.NOTICE_UNDELIVERED, by=update)


def _is_overtaken(case: Case, notice: Notice) -> bool:
    """Whether what the notice says no longer matters to the referring provider."""
    if notice.topic is NoticeTopic.CLOSURE:
        known = case.referral.notice
        return known is None or known.number != notice.number
    is_answered = case.referral.status is not Status.NEEDS_INFORMATION
    return notice.topic is NoticeTopic.INFORMATION_NEEDED and is_answered


def _beside(case: Case, update: NoticeDelivered | NoticeAcknowledged) -> Draft:
    """Draft that another notice than the one about the end arrived: it may have been the last."""
    notice = _named(case.referral, update)
    if notice is None or notice.topic is not NoticeTopic.CRITICAL_RESULT:
        return record_only(case, update)
    return draft(
        case,
        _KINDS[type(update)],
        case.referral.status_reason,
        then=Step.VERIFY_CLOSURE,
        by=update,
        same_owner=True,
        facts=ClosureFacts(notice=notice.number),
    )


def kept_for_later(case: Case, update: NoticeUndeliverable) -> Draft:
    """Draft that a person will have to tell the referrer, once nothing else is at work."""
    drafted = record_only(
        case, update, EventKind.NOTICE_UNDELIVERABLE, facts=ClosureFacts(notice=update.notice)
    )
    if case.referral.work_item is None:
        return drafted
    sentence = with_undelivered(case.referral, case.referral.status_reason)
    return drafted.with_after(drafted.after.but(status_reason=sentence))


def undelivered(referral: Referral) -> tuple[Notice, ...]:
    """Return the notices that a person must see to; of those about the end the last one counts."""
    last = referral.notice.number if referral.notice else None
    return tuple(
        n
        for n in referral.notices
        if n.undeliverable and (n.topic is not NoticeTopic.CLOSURE or n.number == last)
    )


def with_undelivered(referral: Referral, sentence: str) -> str:
    """Return a sentence for a person with what else they should know: who was not notified."""
    if not undelivered(referral) or sentence.endswith(_UNDELIVERED):
        return sentence
    return f"{sentence} {_UNDELIVERED}"


def is_critical_under_way(referral: Referral) -> bool:
    """Whether the referrer may not know yet of a critical result: then nothing is closed."""
    return any(n.topic is NoticeTopic.CRITICAL_RESULT for n in referral.notices_under_way)


def _verified(case: Case, update: NoticeDelivered | NoticeAcknowledged) -> Draft:
    notice = case.referral.notice
    if notice is None:
        return record_only(case, update)
    if is_critical_under_way(case.referral):
        then, reason = Step.VERIFY_CLOSURE, "The notice of the critical result is still under way."
    elif ending_message.is_owed(case):
        then, reason = Step.VERIFY_CLOSURE, "The patient is still to be told of the end."
    else:
        then, reason = Step.CLOSE_REFERRAL, "Everything that closes the loop is on record."
    return draft(
        case,
        _KINDS[type(update)],
        reason,
        then=then,
        by=update,
        facts=ClosureFacts(notice=notice.number),
    )


def sent_again(referral: Referral, update: DecisionMade) -> tuple[Notice, ...]:
    """Send what was not delivered once more, or take the word that the referrer knows."""
    if update.action == RETRY:
        return tuple(_again(referral, n, update) for n in referral.notices)
    if update.action == TOLD_ANOTHER_WAY:
        told = {"delivered_at": update.received_at, "undeliverable": False}
        return tuple(n.but(**told) if n.undeliverable else n for n in referral.notices)
    notice = referral.notice
    if notice is None:
        return referral.notices
    return referral.with_notice_changed(notice.number, acknowledged_at=update.received_at)


def _again(referral: Referral, notice: Notice, update: DecisionMade) -> Notice:
    """Return a notice as it is once it is to be sent again; the one about the end is replaced."""
    if notice.topic is NoticeTopic.CLOSURE:
        is_current = referral.notice is not None and referral.notice.number == notice.number
        return notice.but(undeliverable=True) if is_current else notice
    return notice.begun_again(update.received_at) if notice.undeliverable else notice
