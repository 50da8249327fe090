"""The mailbox, one per referral: no update is lost, used twice, or used by the wrong wait.

Pure: every operation takes a mailbox and returns the next one; the table makes each of them one
conditional write on `version`. An answer belongs to the wait, not to the task token: a step that
is tried again, or carried on by a new run, takes over its wait or finds its open answer.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Record
from referral_core.domain.updates import ALWAYS_ACCEPTED, Update, UpdateKind


class Wait(Record):
    """What a step waits for, and until when.

    Attributes:
        id: `<run>-<version>` of the write that opened it: unique within the referral.
        token: the Step Functions task token of the step's latest try.
    """

    id: str
    step: Step
    token: str
    accepts: frozenset[UpdateKind]
    deadline: datetime

    def accepts_kind(self, kind: UpdateKind) -> bool:
        """Whether an update of this kind answers the wait."""
        return kind in self.accepts or kind in ALWAYS_ACCEPTED


class Answer(Record):
    """The update that ended a wait and the outcome the state machine is told."""

    wait_id: str
    update: Update
    outcome: str


class Disposition(StrEnum):
    """What became of a posted update."""

    ANSWERS = "answers"
    PENDING = "pending"
    DUPLICATE = "duplicate"


class Mailbox(Record):
    """The current wait, its open answer, and the updates not used yet.

    Attributes:
        pending: in order of receipt.
        seen: ids of every update ever posted, so that a repeat is known as one.
    """

    version: int = 0
    wait: Wait | None = None
    answer: Answer | None = None
    pending: tuple[Update, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether a wait is open and unanswered."""
        return self.wait is not None and self.answer is None

    def disposition(self, update: Update) -> Disposition:
        """Say what posting this update would do; changes nothing."""
        if update.id in self.seen:
            return Disposition.DUPLICATE
        if self.wait and self.answer is None and self.wait.accepts_kind(update.kind):
            return Disposition.ANSWERS
        return Disposition.PENDING

    def acceptable(self, accepts: frozenset[UpdateKind]) -> Update | None:
        """Return the first pending update that a wait for these kinds would accept."""
        kinds = accepts | ALWAYS_ACCEPTED
        return next((u for u in self.pending if u.kind in kinds), None)

    def opened(self, wait: Wait) -> Mailbox:
        """Open a wait; whatever wait there was is closed with it."""
        return self._next(wait=wait, answer=None)

    def taken_over(self, token: str) -> Mailbox:
        """Give the open wait the token of its step's new try.

        Raises:
            ValueError: there is no wait to take over.
        """
        if self.wait is None:
            raise ValueError("no wait to take over")
        return self._next(wait=self.wait.model_copy(update={"token": token}))

    def answered(self, update: Update, outcome: str) -> Mailbox:
        """Answer the open wait with an update (posted now, or pending until now).

        Raises:
            ValueError: no open wait, or one that does not accept this kind.
        """
        if self.wait is None or self.answer is not None:
            raise ValueError("no open wait to answer")
        if not self.wait.accepts_kind(update.kind):
            raise ValueError(f"the wait does not accept {update.kind}")
        answer = Answer(wait_id=self.wait.id, update=update, outcome=outcome)
        return self._next(answer=answer, **self._used(update))

    def recorded(self, update: Update, deadline: datetime | None = None) -> Mailbox:
        """Take note of an update that only informs: the wait goes on, perhaps for longer."""
        wait = self.wait
        if deadline is not None and wait is not None:
            wait = wait.model_copy(update={"deadline": deadline})
        return self._next(wait=wait, **self._used(update))

    def held(self, update: Update) -> Mailbox:
        """Keep an update for a later wait."""
        return self._next(pending=(*self.pending, update), seen=(*self.seen, update.id))

    def closed(self) -> Mailbox:
        """Close the wait with its answer: the next step's first write."""
        return self._next(wait=None, answer=None)

    def _used(self, update: Update) -> dict[str, object]:
        pending = tuple(u for u in self.pending if u.id != update.id)
        seen = self.seen if update.id in self.seen else (*self.seen, update.id)
        return {"pending": pending, "seen": seen}

    def _next(self, **fields: object) -> Mailbox:
        return self.model_copy(update={"version": self.version + 1, **fields})
