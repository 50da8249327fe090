"""The mailbox, one per referral: no update is lost, used twice, or used by the wrong wait.

Pure: every operation takes a mailbox and returns the next one; the table makes each of them one
conditional write on `version`. A resolution belongs to the wait, not to the task token: a step
that is tried again, or resumed by a new run, takes over its wait or finds its resolution.
Whether an update was posted before the items of the updates say, not the mailbox.
"""

from datetime import datetime
from typing import Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Next, Step
from referral_core.domain.model import Model
from referral_core.domain.updates import (
    ALWAYS_ACCEPTED,
    SETTLED_ON_ARRIVAL,
    Update,
    UpdateKind,
)


class Wait(Model):
    """What a step waits for, and until when.

    Attributes:
        id: `<run>-<version>` of the write that opened it: unique within the referral.
        token: the Step Functions task token of the step's latest try.
        takeovers: how often a try took it over after it was resolved.
    """

    id: str
    step: Step
    token: str
    accepts: frozenset[UpdateKind]
    deadline: datetime
    takeovers: int = 0

    def accepts_kind(self, kind: UpdateKind) -> bool:
        """Whether an update of this kind resolves the wait, or may."""
        return kind in self.accepts or kind in ALWAYS_ACCEPTED


MOST_PENDING: Final = 100
"""Updates that may wait at once for a step that uses them."""
_KEPT_FOR_ENDINGS: Final = 20


class WaitResolution(Model):
    """The update that ended a wait, and what the state machine is to do next."""

    wait_id: str
    update: Update
    next: Next


class Mailbox(Model):
    """The current wait, its resolution, and the updates not used yet.

    Attributes:
        pending: in order of receipt.
    """

    version: int = 0
    wait: Wait | None = None
    resolution: WaitResolution | None = None
    pending: tuple[Update, ...] = ()

    @property
    def open_wait(self) -> Wait | None:
        """The wait that is open and unresolved."""
        return self.wait if self.resolution is None else None

    def accepts(self, update: Update) -> bool:
        """Whether an open wait would use this update now."""
        wait = self.open_wait
        return wait is not None and wait.accepts_kind(update.kind)

    def acceptable(self, accepts: frozenset[UpdateKind]) -> Update | None:
        """Return the first pending update that a wait for these kinds would accept."""
        kinds = accepts | ALWAYS_ACCEPTED
        return next((u for u in self.pending if u.kind in kinds), None)

    @property
    def unread(self) -> bool:
        """Whether something pends that says what the referral does not show yet."""
        return any(update.kind not in SETTLED_ON_ARRIVAL for update in self.pending)

    def opened(self, wait: Wait) -> "Mailbox":
        """Open a wait; whatever wait there was is closed with it."""
        return self._next(wait=wait, resolution=None)

    def taken_over(self, token: str) -> "Mailbox":
        """Give the open wait the token of its step's new try.

        Raises:
            ValueError: there is no wait to take over.
        """
        if self.wait is None:
            raise ValueError("no wait to take over")
        takeovers = self.wait.takeovers + (self.resolution is not None)
        return self._next(wait=self.wait.but(token=token, takeovers=takeovers))

    def resolved(self, update: Update, following: Next) -> "Mailbox":
        """Resolve the open wait by an update (posted now, or pending until now).

        Raises:
            ValueError: no open wait, or one that does not accept this kind.
        """
        wait = self.open_wait
        if wait is None:
            raise ValueError("no open wait to resolve")
        if not wait.accepts_kind(update.kind):
            raise ValueError(f"the wait does not accept {update.kind}")
        resolution = WaitResolution(wait_id=wait.id, update=update, next=following)
        return self._next(resolution=resolution, pending=self._without(update))

    def recorded(
        self,
        update: Update,
        deadline: datetime | None = None,
        accepts: frozenset[UpdateKind] | None = None,
    ) -> "Mailbox":
        """Take note of an update that only informs: the wait goes on, perhaps for longer.

        Args:
            update: what informs.
            deadline: how long the wait goes on; None: as long as before.
            accepts: what resolves it from now on; None: what did before.
        """
        wait = self.wait
        if wait is not None:
            wait = wait.but(
                deadline=wait.deadline if deadline is None else deadline,
                accepts=wait.accepts if accepts is None else accepts,
            )
        return self._next(wait=wait, pending=self._without(update))

    def kept(self, update: Update) -> "Mailbox":
        """Keep an update for a later wait.

        Raises:
            NotLegal: too many are kept; there is always room for what ends a referral.
        """
        most = MOST_PENDING + (_KEPT_FOR_ENDINGS if update.kind in ALWAYS_ACCEPTED else 0)
        if len(self.pending) >= most:
            raise NotLegal(f"{most} updates wait for their turn: send this one later.")
        return self._next(pending=(*self.pending, update))

    def closed(self) -> "Mailbox":
        """Close the wait with its resolution: the next step's first write."""
        return self._next(wait=None, resolution=None)

    def _without(self, update: Update) -> tuple[Update, ...]:
        return tuple(u for u in self.pending if u.id != update.id)

    def _next(self, **fields: object) -> "Mailbox":
        return self.but(version=self.version + 1, **fields)
