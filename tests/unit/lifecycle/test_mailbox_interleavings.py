"""Mailbox and engine under every interleaving of what can happen to a wait.

The world is played by hypothesis: entries of a step, posts, duplicates, deadlines, lost sends,
stopped runs, cancellations, and updates after the end. A reference model counts what was posted
and what was used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.change import change
from referral_core.domain.errors import Conflict
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import End, Next, Outcome, Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import ALWAYS_ACCEPTED, Update, UpdateKind
from referral_core.domain.writes import Commit
from referral_core.lifecycle.case import Case, Sources
from referral_core.lifecycle.draft import Draft, draft, start_draft
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.process_due import process_due
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.step import Recorder, StepInput
from referral_core.pathways import pathway
from tests.unit.builders import EMPTY, NOW, TENANT, a_new_referral, a_referral, an_update

YES, NOTE, OTHER = (
    UpdateKind.OFFER_ACCEPTED,
    UpdateKind.NOTICE_DELIVERED,
    UpdateKind.APPOINTMENT_FULFILLED,
)


class Asking:
    """A step that asks once per entry; YES ends it, NOTE informs it, a deadline enters it again."""

    name: ClassVar[Step] = Step.OFFER_REFERRAL
    goes_to: ClassVar[frozenset[Next]] = frozenset({Step.CONTACT_PATIENT, Step.OFFER_REFERRAL})
    kinds = frozenset({YES, NOTE})

    def __init__(self) -> None:
        self.asked = 0

    def accepted_updates(self, _referral: Referral) -> frozenset[UpdateKind]:
        return self.kinds

    def start(self, case: Case) -> Draft:
        return start_draft(case, self.name, "Asking.")

    def execute(self, case: Case) -> Recorder:
        self.asked += 1
        due_at = case.now + timedelta(days=2)
        return lambda current: draft(current, EventKind.OFFERED, "Asked.", due_at=due_at)

    def on_update(self, case: Case, update: Update) -> Draft:
        assert update.kind in self.kinds | {UpdateKind.DEADLINE}
        ends: dict[UpdateKind, Next] = {YES: Step.CONTACT_PATIENT, UpdateKind.DEADLINE: self.name}
        following = ends.get(update.kind)
        return draft(
            case,
            EventKind.OFFER_ACCEPTED,
            "Answered.",
            due_at=None if following else case.referral.due_at,
            then=following,
            by=update,
        )


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
        self.clock = ManualClock(NOW)
        self.referrals = Racing()
        self.workflow = MemoryWorkflow()
        self.step = Asking()
        self.engine = Engine(
            sources=Sources(self.referrals, MemoryDirectory(self.referrals, []), pathway),
            workflow=self.workflow,
            clock=self.clock,
            steps={self.step.name: self.step},
            conflicts=Conflicts(pause=lambda _: None),
        )
        self.id = a_referral().id
        referral = a_referral(current_step=Step.OFFER_REFERRAL)
        self.referrals.accept([a_new_referral(referral, EMPTY.dump())])
        self.posted: dict[str, UpdateKind] = {}
        self.numbers = 0
        self.tokens = 0
        self.token: str | None = None
        self.ended: list[Next] = []

    @property
    def referral(self) -> Referral:
        return self.referrals.load(TENANT, self.id).referral

    def _post(self, update: Update) -> Receipt:
        self.posted[update.id] = update.kind
        return apply_update(self.engine, TENANT, self.id, update)

    def _update(self, kind: UpdateKind) -> Update:
        self.numbers += 1
        return an_update(kind, f"u{self.numbers}")

    def _see_completion(self) -> None:
        if self.token and self.token in self.workflow.completed:
            self.ended.append(self.workflow.completed.pop(self.token))
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
        wait = before.mailbox.wait
        own = wait is not None and wait.step is self.step.name
        resolution = before.mailbox.resolution
        again = resolution is not None and resolution.next is self.step.name
        asked = self.step.asked
        run_step(
            self.engine,
            StepInput(
                tenant=TENANT,
                referral_id=self.id,
                run=self.referral.run,
                step=self.step.name,
                token=self.token,
            ),
        )
        if own and not again:
            # A retry takes over the wait, or finds its resolution: nothing is asked twice.
            assert self.step.asked == asked
        self._see_completion()

    @rule(kind=st.sampled_from([YES, NOTE, OTHER]))
    def somebody_else_writes_first(self, kind: UpdateKind) -> None:
        """The next write meets a post that came between its read and its write."""
        update = self._update(kind)
        self.referrals.other_writer = lambda: self._post(update)

    @rule(kind=st.sampled_from([YES, NOTE, OTHER, UpdateKind.CANCEL]))
    def post(self, kind: UpdateKind) -> None:
        self._post(self._update(kind))
        self._see_completion()

    @rule(data=st.data())
    def post_duplicate(self, data: st.DataObject) -> None:
        if not self.posted:
            return
        known = data.draw(st.sampled_from(sorted(self.posted)))
        update = an_update(self.posted[known], known)
        before, meets_another = self.referral.version, self.referrals.other_writer is not None
        assert apply_update(self.engine, TENANT, self.id, update) is Receipt.DUPLICATE
        others = int(meets_another and self.referrals.other_writer is None)
        assert self.referral.version == before + others

    @rule(kind=st.sampled_from([YES, NOTE, OTHER]))
    def post_meets_itself(self, kind: UpdateKind) -> None:
        """The same update comes twice at once: one of them is a duplicate."""
        update = self._update(kind)
        self.referrals.other_writer = lambda: self._post(update)
        assert self._post(update) is Receipt.DUPLICATE
        self._see_completion()

    @rule()
    def lose_the_execution(self) -> None:
        """Nobody waits any more: killed, stopped, or the call that completes it was lost."""
        if self.token:
            self.workflow.waiting.discard(self.token)
            self.token = None

    @rule(days=st.integers(0, 3))
    def time_passes(self, days: int) -> None:
        self.clock.move(timedelta(days=days, minutes=1))
        with suppress(Conflict):  # the watchdog's next tick sees the referral again
            process_due(self.engine, TENANT, self.id)
        self._see_completion()

    @rule()
    def stale_run_enters(self) -> None:
        if self.referral.run == 1:
            return
        before = self.referral.version
        following = run_step(
            self.engine,
            StepInput(
                tenant=TENANT, referral_id=self.id, run=self.referral.run - 1, step=self.step.name
            ),
        )
        assert following is End.SUPERSEDED
        assert self.referral.version == before

    @rule()
    def close(self) -> None:
        """The lifecycle ends elsewhere; whatever is reported afterwards is late."""
        loaded = self.referrals.load(TENANT, self.id)
        if loaded.referral.is_closed or loaded.referral.status is not Status.CANCEL_REQUESTED:
            return
        self.referrals.other_writer = None
        closed = change(
            loaded.referral,
            EventKind.CLOSED,
            at=NOW,
            actor="router",
            status_reason="Closed.",
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
            e.update
            for e in self.referrals.events(TENANT, self.id)
            if e.update is not None and e.kind is not EventKind.UPDATE_PENDING
        ]
        for posted in self.posted:
            assert pending.count(posted) + uses.count(posted) == 1

    @invariant()
    def every_version_has_one_event(self) -> None:
        versions = [e.version for e in self.referrals.events(TENANT, self.id)]
        assert versions == list(range(1, self.referral.version + 1))

    @invariant()
    def a_resolution_is_of_a_kind_that_its_wait_accepts(self) -> None:
        mailbox = self.referrals.load(TENANT, self.id).mailbox
        if mailbox.resolution and mailbox.wait:
            assert mailbox.resolution.wait_id == mailbox.wait.id
            assert mailbox.resolution.update.kind in mailbox.wait.accepts | ALWAYS_ACCEPTED

    @invariant()
    def an_open_wait_leaves_nothing_acceptable_pending(self) -> None:
        mailbox = self.referrals.load(TENANT, self.id).mailbox
        if mailbox.open_wait is not None:
            assert mailbox.acceptable(mailbox.open_wait.accepts) is None

    @invariant()
    def the_referral_is_due_while_it_is_open(self) -> None:
        referral = self.referral
        if not referral.is_closed:
            limit = self.clock.now() + timedelta(days=3)
            assert referral.due_at <= limit

    @invariant()
    def what_follows_is_what_the_step_leads_to(self) -> None:
        closing = {Step.VERIFY_CLOSURE, End.SUPERSEDED}
        assert set(self.ended) <= self.step.goes_to | closing


Interleavings.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestInterleavings = Interleavings.TestCase
