"""Sweeps the outbox: a notice that did not arrive in time is asked for again, or given up.

What its stream record, its message, or the function behind the queue came to does not matter: the
record says that the notice is under way, and until when.
"""

from __future__ import annotations

from datetime import datetime

from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.referral import Notice
from referral_core.domain.updates import NoticeDelivered, NoticeUndeliverable, Role
from referral_core.domain.writes import ReferralState
from referral_core.lifecycle.draft import draft
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.commit import commit_of
from referral_core.lifecycle.engine.engine import Engine


def sweep_notices(engine: Engine, state: ReferralState, now: datetime) -> bool:
    """Ask again for what did not arrive, and hand what has had its time to a person.

    Returns:
        Whether anything was written.

    Raises:
        Conflict, StaleRun: somebody else moved the referral; the notices stay due.
    """
    referral = state.referral
    if referral.is_closed:
        return False
    due = [n for n in referral.notices_under_way if n.due_at is not None and n.due_at <= now]
    given_up = [n for n in due if n.give_up_at <= now]
    again = [n for n in due if n not in given_up]
    if again:
        _ask_again(engine, state, again, now)
    for notice in given_up:
        update = came_of(notice, NoticeUndeliverable, now)
        apply_update(engine, referral.tenant, referral.id, update)
    return bool(due)


Result = NoticeDelivered | NoticeUndeliverable


def came_of(notice: Notice, result: type[Result], now: datetime) -> Result:
    """Make the update that says what came of an ask for a notice's delivery: the same one twice."""
    kind = result.model_fields["kind"].default
    return result(
        id=f"{kind}-{notice.number}-{notice.asks}",
        actor="router",
        role=Role.ROUTER,
        received_at=now,
        notice=notice.number,
    )


def _ask_again(engine: Engine, state: ReferralState, notices: list[Notice], now: datetime) -> None:
    """Write the next ask: the stream brings it to the queue, as it did the first."""
    referral = state.referral
    asked = {n.number: n.asked_again(now) for n in notices}
    drafted = draft(
        engine.case(referral),
        EventKind.NOTICE_ASKED_AGAIN,
        referral.status_reason,
        due_at=referral.due_at,
        same_owner=True,
        facts=ClosureFacts(notice=notices[0].number),
        notices=tuple(asked.get(n.number, n) for n in referral.notices),
    )
    engine.sources.referrals.commit(commit_of(drafted, state, None))
