"""Applies one update: it resolves the wait, is kept for a later one, or is recorded as late."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from referral_core.domain.access.ownership import Authority, authority_of
from referral_core.domain.effects import (
    Effect,
    IndexIdentifier,
    RecordUpdate,
    StorePayload,
    TakeNumber,
)
from referral_core.domain.errors import Conflict, NotLegal, StaleRun, VersionMoved
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Step
from referral_core.domain.mailbox import Mailbox, Wait
from referral_core.domain.updates import (
    ONLY_INFORMS,
    AppointmentUpdate,
    NoticeUndeliverable,
    NoticeUpdate,
    Update,
    UpdateKind,
    WaitEnded,
    WorkItemUpdated,
)
from referral_core.domain.writes import DuplicateUpdate, NoCapacity, ReferralState
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, record_only
from referral_core.lifecycle.engine.commit import commit_of, mailbox_after
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.repeats import (
    ONLY_ON_RECORD,
    is_last_of_its_kind,
    is_repeat,
    says_nothing_new,
)
from referral_core.lifecycle.reactions.booked_slots import require_named_slot
from referral_core.lifecycle.reactions.notice import beside_the_closure, kept_for_later, settled
from referral_core.lifecycle.reactions.unasked import said_beside
from referral_core.lifecycle.reactions.work_item import updated


class Receipt(StrEnum):
    """What became of an update."""

    RESOLVED = "resolved"
    RECORDED = "recorded"
    PENDING = "pending"
    DUPLICATE = "duplicate"
    LATE = "late"


def apply_update(
    engine: Engine,
    tenant: Tenant,
    referral_id: ReferralId,
    update: Update,
    *,
    effects: Sequence[Effect] = (),
    known_version: int | None = None,
    may_recur: bool = False,
) -> Receipt:
    """Apply one update.

    Args:
        engine: the mechanism.
        tenant: of the principal who posts.
        referral_id: whom it concerns.
        update: what is reported; the same id again changes nothing.
        effects: what is written with it: its document's evidence, a new payload, ….
        known_version: of the payload that the sender knows, when it must still be that one.
        may_recur: whether its id says no more than its content: then what happened since tells
            whether it is on record, and it gets an id of its own where it is news.

    Raises:
        NotFound: the tenant has no such referral.
        NotLegal: the referral's state does not allow it now.
        VersionMoved: the payload is not of the version that the sender knows.
        Conflict: other writers were always first; post again.
    """
    first, is_known = update.id, False
    for _ in engine.conflicts:
        state = engine.sources.referrals.load(tenant, referral_id)
        if isinstance(update, WaitEnded) and not _is_of_open_wait(state.mailbox, update):
            return Receipt.DUPLICATE
        if is_known:
            if _is_repeat(engine, state, update.but(id=first)):
                return Receipt.DUPLICATE
            update = update.but(id=f"{first}-{state.referral.version}")
        try:
            drafted, receipt = _drafted(engine, state, update, effects, known_version)
        except (NotLegal, VersionMoved):
            # What it did may have made it impossible: posted again, it is done already.
            if engine.sources.referrals.has_update(tenant, referral_id, update.id):
                return Receipt.DUPLICATE
            raise
        drafted = drafted.caused_by(update)
        mailbox = _mailbox(engine, state, drafted, update, receipt)
        written = _written(effects, update, receipt)
        try:
            engine.sources.referrals.commit(commit_of(drafted, state, mailbox, *written))
        except DuplicateUpdate:
            if is_known or not may_recur:
                return Receipt.DUPLICATE
            is_known = True  # judged by the referral as it is now, which is read anew
            continue
        except (Conflict, StaleRun, NoCapacity):
            continue
        _resume(engine, state.mailbox, drafted)
        return receipt
    raise AssertionError("the tries end with an error of their own")


def _resume(engine: Engine, mailbox: Mailbox, drafted: Draft) -> None:
    """Let the waiting state go on; lost on the way, it is sent again by the sweep."""
    if drafted.next is not None and mailbox.wait is not None:
        engine.workflow.complete_task(mailbox.wait.token, drafted.next)


def _written(effects: Sequence[Effect], update: Update, receipt: Receipt) -> list[Effect]:
    """Return what is written with an update: on a closed referral, what leaves it as it is."""
    written = [e for e in effects if receipt is not Receipt.LATE or _is_kept_late(e)]
    if not isinstance(update, WaitEnded):
        written.append(RecordUpdate(update=update))
    return written


def _is_repeat(engine: Engine, state: ReferralState, update: Update) -> bool:
    if update.kind in ONLY_ON_RECORD:
        return is_last_of_its_kind(engine.sources.referrals, state.referral, update)
    return is_repeat(state, update)


def _is_of_open_wait(mailbox: Mailbox, update: WaitEnded) -> bool:
    """Whether the wait that is to end is still open; by a deadline, whether its time is up."""
    wait = mailbox.open_wait
    if wait is None or wait.id != update.wait:
        return False
    return update.kind is not UpdateKind.DEADLINE or wait.deadline <= update.received_at


def _is_kept_late(effect: Effect) -> bool:
    """Whether an effect is written on a closed referral too: its content stays as it was."""
    return not isinstance(effect, StorePayload | TakeNumber | IndexIdentifier)


def _drafted(
    engine: Engine,
    state: ReferralState,
    update: Update,
    effects: Sequence[Effect],
    known_version: int | None,
) -> tuple[Draft, Receipt]:
    referral, mailbox = state.referral, state.mailbox
    if known_version not in {None, referral.payload_version}:
        raise VersionMoved("The stored version is another one.")
    if referral.is_closed:
        late = record_only(engine.case(referral), update, EventKind.UPDATE_LATE)
        return late, Receipt.LATE
    if any(isinstance(effect, StorePayload) for effect in effects):
        following = referral.payload_version + 1
        referral = referral.but(payload_version=following, revised_at=update.received_at)
    wait, case = mailbox.open_wait, engine.case(referral)
    if isinstance(update, AppointmentUpdate) and says_nothing_new(state, update):
        return record_only(case, update), Receipt.RECORDED
    if isinstance(update, NoticeUpdate) and authority_of(update, referral) is Authority.PRESENT:
        # What became of it is so from now on, whichever wait uses the update, and when.
        case = engine.case(settled(referral, update, case.now))
    recorded = _recorded_at_once(case, update, wait)
    if recorded is not None:
        return recorded, Receipt.RECORDED
    if wait is not None and mailbox.accepts(update):
        drafted = engine.react(wait.step, case, update)
        require_named_slot(update, referral, drafted.after)
        return drafted, Receipt.RECORDED if drafted.next is None else Receipt.RESOLVED
    if isinstance(update, NoticeUndeliverable):
        return kept_for_later(case, update), Receipt.PENDING
    pending = record_only(case, update, EventKind.UPDATE_PENDING)
    return said_beside(update, pending), Receipt.PENDING


def _recorded_at_once(case: Case, update: Update, wait: Wait | None) -> Draft | None:
    """Draft what only informs; None for an update that some wait is to use."""
    match update:
        case WorkItemUpdated():
            return updated(case, update)
        case NoticeUpdate():
            return beside_the_closure(case, update, wait)
        case _:
            return record_only(case, update) if update.kind in ONLY_INFORMS else None


def _mailbox(
    engine: Engine, state: ReferralState, drafted: Draft, update: Update, receipt: Receipt
) -> Mailbox | None:
    match receipt:
        case Receipt.PENDING:
            return state.mailbox.kept(update)
        case Receipt.LATE:
            return None
        case _:
            return mailbox_after(state, drafted, update, _accepted(engine, state.mailbox, drafted))


def _accepted(engine: Engine, mailbox: Mailbox, drafted: Draft) -> frozenset[UpdateKind] | None:
    """Return what settles an open work item as it is now; None where none waits."""
    wait = mailbox.open_wait
    if wait is None or wait.step is not Step.OPEN_WORK_ITEM:
        return None
    return engine.steps[wait.step].accepted_updates(drafted.after) | {UpdateKind.DEADLINE}
