"""What became of a notice to the referring provider."""

from __future__ import annotations

from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.lifecycle import COMPLETED, Party, Queue, Step
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import (
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeUndeliverable,
    NoticeUpdate,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only

NOTIFYING = Queue.REFERRAL_COORDINATORS
"""The team that sees to it that the referrer is told, wherever the referral ended."""

_KINDS = {
    NoticeDelivered: EventKind.NOTICE_DELIVERED,
    NoticeUndeliverable: EventKind.NOTICE_UNDELIVERABLE,
    NoticeAcknowledged: EventKind.NOTICE_ACKNOWLEDGED,
}


def beside_the_closure(case: Case, update: NoticeUpdate) -> Draft | None:
    """Draft what became of a notice that nobody waits for; None for the one about the closure."""
    referral = case.referral
    notice = next((n for n in referral.notices if n.number == update.notice), None)
    if notice is None or notice.topic is NoticeTopic.CLOSURE:
        return None
    if isinstance(update, NoticeUndeliverable):
        changed = referral.with_notice_changed(notice.number, undeliverable=True)
    else:
        acknowledged = isinstance(update, NoticeAcknowledged)
        changed = referral.with_notice_changed(
            notice.number,
            delivered_at=notice.delivered_at or case.now,
            acknowledged_at=case.now if acknowledged else notice.acknowledged_at,
        )
    return record_only(
        case,
        update,
        _KINDS[type(update)],
        facts=ClosureFacts(notice=notice.number),
        notices=changed,
    )


def is_current(case: Case, update: NoticeUpdate) -> bool:
    """Whether an update is about the notice that is waited for."""
    notice = case.referral.notice
    return notice is not None and update.notice == notice.number


def delivered(case: Case, update: NoticeDelivered) -> Draft:
    """Draft that the referrer has the notice: completed care is acknowledged as well."""
    referral, notice = case.referral, case.referral.notice
    if notice is None or not is_current(case, update):
        return record_only(case, update)
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
        notices=referral.with_notice_changed(notice.number, delivered_at=case.now),
    )


def acknowledged(case: Case, update: NoticeAcknowledged) -> Draft:
    """Draft the acknowledgement; it also proves the delivery, whatever the queue says."""
    if not is_current(case, update):
        return record_only(case, update)
    return _verified(case, update)


def undeliverable(case: Case, update: NoticeUndeliverable) -> Draft:
    """Draft that the referrer's EHR does not take the notice: a person tells them."""
    if not is_current(case, update):
        return record_only(case, update)
    return open_work_item(case, Reason.NOTICE_UNDELIVERED, by=update)


def _verified(case: Case, update: NoticeDelivered | NoticeAcknowledged) -> Draft:
    notice = case.referral.notice
    if notice is None:
        return record_only(case, update)
    is_acknowledged = isinstance(update, NoticeAcknowledged)
    return draft(
        case,
        _KINDS[type(update)],
        "Everything that closes the loop is on record.",
        then=Step.CLOSE_REFERRAL,
        by=update,
        facts=ClosureFacts(notice=notice.number),
        notices=case.referral.with_notice_changed(
            notice.number,
            delivered_at=notice.delivered_at or case.now,
            acknowledged_at=case.now if is_acknowledged else notice.acknowledged_at,
        ),
    )
