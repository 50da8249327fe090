"""From a draft to the one atomic write."""

from __future__ import annotations

from referral_core.domain.effects import Effect
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.writes import Commit, ReferralState
from referral_core.lifecycle.draft import Draft


def commit_of(
    drafted: Draft, state: ReferralState, mailbox: Mailbox | None, *effects: Effect
) -> Commit:
    """Return the write of a draft, conditional on the state that was read.

    Args:
        drafted: what is to be written.
        state: as it was read; the draft may start from a referral with something settled already.
        mailbox: the next mailbox; None to leave it untouched.
        *effects: what is written besides the draft's own.
    """
    return Commit(
        change=drafted.change.but(before=state.referral),
        mailbox_before=state.mailbox,
        mailbox=mailbox,
        effects=(*drafted.effects, *effects),
    )


def mailbox_after(
    state: ReferralState,
    drafted: Draft,
    update: Update,
    accepts: frozenset[UpdateKind] | None = None,
) -> Mailbox:
    """Return the mailbox once an update was used: the wait is resolved, or goes on.

    Args:
        state: as it was read.
        drafted: what the update leads to.
        update: what was used.
        accepts: what resolves a wait that goes on; None: what did before.
    """
    if drafted.next is not None:
        return state.mailbox.resolved(update, drafted.next)
    return state.mailbox.recorded(update, drafted.after.due_at, accepts)
