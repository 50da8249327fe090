"""Mailbox and engine under every interleaving of what can happen to a wait.

The world is played by hypothesis: entries of a step, posts, duplicates, deadlines, lost sends,
stopped runs, cancellations, and words after the end. A reference model counts what was posted
and what was used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from referral_core.adapters.clock import HandClock
from referral_core.adapters.memory import MemoryReferrals, MemoryWorkflow
from referral_core.domain.errors import Conflict
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.referral import Referral, change
from referral_core.domain.updates import ALWAYS_ACCEPTED, Role, Update, UpdateKind
from referral_core.ports import Commit
from referral_core.steps.engine import Engine, Receipt
from referral_core.steps.step import AGAIN, CLOSING, Draft, Moment, Recording, StepInput, begun
from tests.unit.builders import NOW, TENANT, a_referral, an_arrival

YES, NOTE, OTHER = UpdateKind.OFFER_ACCEPTED, UpdateKind.NOTICE_DELIVERED, UpdateKind.VISIT_ATTENDED


class Asking:
    """A step that asks once per entry; YES ends it, NOTE informs it, a deadline enters it again."""

    name = Step.OFFER_REFERRAL
    kinds = frozenset({YES, NOTE})

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        return self.kinds

    def __init__(self) -> None:
        self.asked = 0
        self.used: list[str] = []

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        return begun(referral, self.name, moment, "Asking.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        self.asked += 1
        return lambda current, at: Draft(
            change(
                current,
                "asked",
                at=at.now,
                actor="router",
                why="Asked.",
                due_at=at.now + timedelta(days=2),
            )
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        assert update.kind in self.kinds | {UpdateKind.DEADLINE}
        outcome = {YES: "accepted", UpdateKind.DEADLINE: AGAIN}.get(update.kind)
        made = change(
            referral,
            f"used:{update.id}",
            at=moment.now,
            actor=update.actor,
            why="Answered.",
            due_at=moment.soon if outcome else referral.due_at,
        )
        return Draft(made, outcome=outcome)


class Racing(MemoryReferrals):
    """Lets another writer in between somebody's read and that somebody's write."""

    def __init__(self) -> None:
        super().__init__()
        self.other_writer: Callable[[], object] | None = None

    def commit(self, commit: Commit) -> None:
        if self.other_writer is not None:
            write, self.other_writer = self.other_writer, None
            write()
        super().commit(commit)


class Interleavings(RuleBasedStateMachine):
    """Plays one referral; the model is the list of what was posted."""

    @initialize()
    def accept(self) -> None:
        self.clock = HandClock(NOW)
        self.referrals = Racing()
        self.workflow = MemoryWorkflow()
        self.step = Asking()
        self.engine = Engine(self.referrals, self.workflow, self.clock, {self.step.name: self.step})
        self.id = a_referral().id
        self.referrals.accept([an_arrival(a_referral(phase=Step.OFFER_REFERRAL))])
        self.posted: dict[str, UpdateKind] = {}
        self.numbers = 0
        self.tokens = 0
        self.token: str | None = None
        self.ended: list[str] = []

    @property
    def referral(self) -> Referral:
        return self.referrals.load(TENANT, self.id).referral

    def _post(self, update: Update) -> Receipt:
        self.posted[update.id] = update.kind
        return self.engine.post(TENANT, self.id, update)

    def _update(self, kind: UpdateKind) -> Update:
        self.numbers += 1
        return Update(
            id=f"u{self.numbers}", kind=kind, actor="c", role=Role.CLINIC, received_at=NOW
        )

    def _see_answer(self) -> None:
        if self.token and self.token in self.workflow.answers:
            self.ended.append(self.workflow.answers.pop(self.token))
            self.token = None

    @rule()
    def enter(self) -> None:
        """The state machine enters the step: the first time, again, or as a retry."""
        if self.token in self.workflow.waiting:
            self.workflow.waiting.discard(self.token or "")
        self.tokens += 1
        self.token = f"t{self.tokens}"
        self.workflow.waiting.add(self.token)
        before = self.referrals.load(TENANT, self.id)
        own = before.mailbox.wait is not None and before.referral.phase is self.step.name
        again = before.mailbox.answer is not None and before.mailbox.answer.outcome == AGAIN
        asked = self.step.asked
        self.engine.carry(
            StepInput(
                tenant=TENANT,
                referral_id=self.id,
                run=self.referral.run,
                step=self.step.name,
                token=self.token,
            )
        )
        if own and not again:
            # A retry takes over the wait, or finds its answer: what was asked is not asked again.
            assert self.step.asked == asked
        self._see_answer()

    @rule(kind=st.sampled_from([YES, NOTE, OTHER]))
    def somebody_else_writes_first(self, kind: UpdateKind) -> None:
        """The next write meets a post that came between its read and its write."""
        update = self._update(kind)
        self.referrals.other_writer = lambda: self._post(update)

    @rule(kind=st.sampled_from([YES, NOTE, OTHER, UpdateKind.CANCEL]))
    def post(self, kind: UpdateKind) -> None:
        self._post(self._update(kind))
        self._see_answer()

    @rule(data=st.data())
    def post_duplicate(self, data: st.DataObject) -> None:
        if not self.posted:
            return
        known = data.draw(st.sampled_from(sorted(self.posted)))
        update = Update(
            id=known, kind=self.posted[known], actor="c", role=Role.CLINIC, received_at=NOW
        )
        before = self.referral.version
        assert self.engine.post(TENANT, self.id, update) is Receipt.DUPLICATE
        assert self.referral.version == before

    @rule()
    def lose_the_execution(self) -> None:
        """Nobody waits any more: killed, stopped, or the send of its answer was lost."""
        if self.token:
            self.workflow.waiting.discard(self.token)
            self.token = None

    @rule(days=st.integers(0, 3))
    def time_passes(self, days: int) -> None:
        self.clock.move(timedelta(days=days, minutes=1))
        with suppress(Conflict):  # the watchdog's next tick sees the referral again
            self.engine.tend(TENANT, self.id)
        self._see_answer()

    @rule()
    def stale_run_enters(self) -> None:
        if self.referral.run == 1:
            return
        before = self.referral.version
        outcome = self.engine.carry(
            StepInput(
                tenant=TENANT, referral_id=self.id, run=self.referral.run - 1, step=self.step.name
            )
        )
        assert outcome == "superseded"
        assert self.referral.version == before

    @rule()
    def close(self) -> None:
        """The lifecycle ends elsewhere; whatever is said afterwards is late."""
        loaded = self.referrals.load(TENANT, self.id)
        if loaded.referral.is_closed or loaded.referral.status is not Status.CANCEL_REQUESTED:
            return
        self.referrals.other_writer = None
        closed = change(
            loaded.referral,
            "closed",
            at=NOW,
            actor="router",
            why="Closed.",
            due_at=NOW,
            status=Status.CLOSED,
            outcome=Outcome.CANCELLED_BY_REFERRER,
        )
        self.referrals.commit(Commit(change=closed, mailbox_before=loaded.mailbox))
        closed_at = self.referral
        assert self._post(self._update(YES)) is Receipt.LATE
        after = self.referral
        assert (after.status, after.outcome) == (closed_at.status, closed_at.outcome)

    @invariant()
    def no_update_is_lost_or_used_twice(self) -> None:
        mailbox = self.referrals.load(TENANT, self.id).mailbox
        pending = [u.id for u in mailbox.pending]
        uses = [
            e.facts["update"]
            for e in self.referrals.events(TENANT, self.id)
            if "update" in e.facts and e.kind != "update-received"
        ]
        for posted in self.posted:
            assert pending.count(posted) + uses.count(posted) == 1

    @invariant()
    def every_version_has_one_event(self) -> None:
        versions = [e.version for e in self.referrals.events(TENANT, self.id)]
        assert versions == list(range(1, self.referral.version + 1))

    @invariant()
    def an_answer_is_of_a_kind_that_its_wait_accepts(self) -> None:
        mailbox = self.referrals.load(TENANT, self.id).mailbox
        if mailbox.answer and mailbox.wait:
            assert mailbox.answer.wait_id == mailbox.wait.id
            assert mailbox.answer.update.kind in mailbox.wait.accepts | ALWAYS_ACCEPTED

    @invariant()
    def an_open_wait_leaves_nothing_acceptable_pending(self) -> None:
        mailbox = self.referrals.load(TENANT, self.id).mailbox
        if mailbox.is_waiting and mailbox.wait:
            assert mailbox.acceptable(mailbox.wait.accepts) is None

    @invariant()
    def the_referral_is_due_while_it_is_open(self) -> None:
        referral = self.referral
        if not referral.is_closed:
            limit = self.clock.now() + timedelta(days=3)
            assert referral.due_at <= limit

    @invariant()
    def outcomes_told_are_the_steps_own(self) -> None:
        assert set(self.ended) <= {"accepted", AGAIN, CLOSING, "superseded"}


Interleavings.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestInterleavings = Interleavings.TestCase
