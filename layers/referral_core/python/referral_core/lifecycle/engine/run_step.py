"""Runs one entry of a step: started, executed, recorded; then its wait, and what is pending."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from referral_core.domain.effects import ClaimDailyMessage
from referral_core.domain.errors import Conflict, NotLegal, StaleRun
from referral_core.domain.events import EventKind, RunFacts
from referral_core.domain.lifecycle import End, Next, Step
from referral_core.domain.mailbox import Mailbox, Wait
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.writes import MessageNotAllowed, NoCapacity, ReferralState
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.disclosure import may_send, withheld
from referral_core.lifecycle.draft import STATES_ENTERED, Draft, draft, record_only
from referral_core.lifecycle.engine.commit import commit_of, mailbox_after
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.pauses import held, pause_of
from referral_core.lifecycle.step import LifecycleStep, Recorder, StepInput

MOST_TAKEOVERS: Final = 21
"""The state machine tries OpenWorkItem once, and twenty times more."""


def run_step(engine: Engine, entry: StepInput) -> Next | None:
    """Run one entry of a step.

    Returns:
        What follows, or None while the step waits (what follows then goes to the token).

    Raises:
        RouterError: the step failed; the state machine retries it, then opens a work item.
    """
    try:
        following = _StepRun.begin(engine, entry).run()
    except StaleRun:
        following = End.SUPERSEDED
    if entry.token is None:
        return following
    if following is not None:
        engine.workflow.complete_task(entry.token, following)
    return None


@dataclass
class _StepRun:
    """One entry of a step, with the state as it was last read or written.

    What was written is known, so it is not read again: only a conflict is a reason to read.
    """

    engine: Engine
    step: LifecycleStep
    entry: StepInput
    state: ReferralState
    case: Case

    @classmethod
    def begin(cls, engine: Engine, entry: StepInput) -> _StepRun:
        """Read the referral's state for one entry."""
        state = _read(engine, entry)
        case = engine.case(state.referral)
        return cls(engine, engine.steps[entry.step], entry, state, case)

    def run(self) -> Next | None:
        """Run the step as far as it goes."""
        if self.state.referral.is_closed:
            is_last = self.entry.step is Step.CLOSE_REFERRAL
            return End.CLOSED if is_last else End.SUPERSEDED
        if self.state.referral.paused is not None:
            return End.SUPERSEDED  # this run was ended for it; the next one begins at the step
        if _is_retry(self.state.mailbox, self.entry.step):
            return self._take_over()
        if self.entry.token is not None:
            if self._is_resolved_already():
                # What would be waited for is here: nothing needs to be asked any more.
                return self._wait(lambda case: _unasked(case, self.entry.step))
            self._record_what_came_early()
        if (pause := pause_of(self.case, self.entry.step)) is not None:
            self._enter(lambda case: held(case, self.entry.step, pause))
            return End.SUPERSEDED
        started = self._enter(self._started)
        return started.next if started.next is not None else self._execute()

    def _enter(self, recorder: Recorder) -> Draft:
        """Write first of this entry, and count its states, wherever that leads."""
        units = {"states": STATES_ENTERED[self.entry.step]}
        return self._write(lambda case: recorder(case).counting(units), waits=False)

    def _started(self, case: Case) -> Draft:
        """Start the step; the run ends where something came since the closure was verified."""
        if self.entry.step is Step.CLOSE_REFERRAL and self.state.mailbox.unread:
            return draft(
                case,
                EventKind.CLOSURE_POSTPONED,
                "Something came while the referral was being closed; it is read first.",
                due_at=case.now,
                then=End.SUPERSEDED,
                same_owner=True,
                facts=RunFacts(step=self.entry.step),
                current_step=Step.VERIFY_CLOSURE,
            )
        return self.step.start(case)

    def _execute(self) -> Next | None:
        for _ in self.engine.conflicts:
            try:
                return self._wait(self._sent_or_withheld())
            except NoCapacity:
                self._read_again()  # another referral took the place: choose again
        raise AssertionError("the tries end with an error of their own")

    def _sent_or_withheld(self) -> Recorder:
        """Do the step's work, unless it would send what may not be sent: then a person sees it."""
        if may_send(self.case, self.step):
            return self.step.execute(self.case)
        return partial(withheld, self.step)

    def _wait(self, recorder: Recorder) -> Next | None:
        drafted = self._write(recorder, waits=True)
        return drafted.next if drafted.next is not None else self._use_pending()

    def _is_resolved_already(self) -> bool:
        update = self._acceptable()
        if update is None:
            return False
        try:
            return self.engine.react(self.entry.step, self.case, update).next is not None
        except NotLegal:
            return False

    def _record_what_came_early(self) -> None:
        """Record what came early and only informs: the step does not ask for what it has."""
        tries = iter(self.engine.conflicts)
        while (update := self._acceptable()) is not None:
            try:
                drafted = self.engine.react(self.entry.step, self.case, update)
            except NotLegal:
                is_last = self.entry.step is Step.VERIFY_CLOSURE
                if not is_last or self.state.referral.work_item is not None:
                    return
                # No later wait has a use for it, and the referral is not closed over it.
                drafted = record_only(self.case, update, EventKind.UPDATE_UNUSABLE)
            if drafted.next is not None:
                return
            # The wait of the step before may still stand there, resolved: it is left as it is.
            mailbox = self.state.mailbox.recorded(update)
            if not self._try_once(drafted.caused_by(update), mailbox):
                next(tries)

    def _acceptable(self) -> Update | None:
        accepted = self.step.accepted_updates(self.state.referral)
        return self.state.mailbox.acceptable(accepted)

    def _use_pending(self) -> Next | None:
        """Let pending updates resolve the wait that was just opened or taken over."""
        tries = iter(self.engine.conflicts)
        while True:
            mailbox = self.state.mailbox
            wait, resolution = mailbox.wait, mailbox.resolution
            if resolution is not None:
                is_own = wait is not None and wait.token == self.entry.token
                return resolution.next if is_own else None
            update = mailbox.acceptable(wait.accepts) if wait else None
            if update is None:
                return None
            if not self._use(update):
                next(tries)

    def _use(self, update: Update) -> bool:
        """Use one pending update; return whether it could be written."""
        self.case = self.engine.refreshed(self.case, self.state.referral)
        try:
            drafted = self.engine.react(self.entry.step, self.case, update)
        except NotLegal:
            drafted = record_only(self.case, update, EventKind.UPDATE_UNUSABLE)
        drafted = drafted.caused_by(update)
        return self._try_once(drafted, mailbox_after(self.state, drafted, update))

    def _try_once(self, drafted: Draft, mailbox: Mailbox) -> bool:
        """Commit, or read again where another writer was first; return whether it was written."""
        try:
            self._commit(drafted, mailbox)
        except Conflict:
            self._read_again()
            return False
        return True

    def _take_over(self) -> Next | None:
        """Give the open wait this try's token: what was asked is not asked again."""
        for _ in self.engine.conflicts:
            mailbox, token = self.state.mailbox, self.entry.token
            wait = mailbox.wait
            if not _is_retry(mailbox, self.entry.step) or wait is None or token is None:
                return self.run()
            self.case = self.engine.refreshed(self.case, self.state.referral)
            drafted = draft(
                self.case,
                EventKind.WAIT_TAKEN_OVER,
                self.state.referral.status_reason,
                due_at=wait.deadline if mailbox.resolution is None else None,
                same_owner=True,
                facts=RunFacts(step=self.entry.step),
                restarts=0,
            )
            try:
                self._commit(drafted, mailbox.taken_over(token))
            except Conflict:
                self._read_again()
                continue
            return self._use_pending()
        raise AssertionError("the tries end with an error of their own")

    # --- reading and writing -----------------------------------------------------------------

    def _write(self, recorder: Recorder, *, waits: bool) -> Draft:
        """Commit a draft; one without `next` opens the step's wait, where it waits."""
        for _ in self.engine.conflicts:
            self.case = self.engine.refreshed(self.case, self.state.referral)
            drafted = recorder(self.case)
            if waits and drafted.after.restarts:
                drafted = drafted.with_after(drafted.after.but(restarts=0))
            mailbox: Mailbox | None = None
            if waits and drafted.next is None:
                mailbox = self.state.mailbox.opened(self._wait_of(drafted))
            elif self.state.mailbox.wait is not None:
                mailbox = self.state.mailbox.closed()
            try:
                self._commit(drafted, mailbox)
            except (Conflict, MessageNotAllowed, NoCapacity) as error:
                if waits and isinstance(error, NoCapacity):
                    raise  # what the step found is chosen again
                if isinstance(error, MessageNotAllowed):
                    self.case.forget_reach()
                self._read_again()
                continue
            return drafted
        raise AssertionError("the tries end with an error of their own")

    def _commit(self, drafted: Draft, mailbox: Mailbox | None) -> None:
        commit = commit_of(drafted, self.state, mailbox)
        self.engine.sources.referrals.commit(commit)
        for effect in commit.effects:
            if isinstance(effect, ClaimDailyMessage):
                self.case.claimed(effect)
        self.state = commit.after
        self.case = self.engine.refreshed(self.case, self.state.referral)

    def _read_again(self) -> None:
        self.state = _read(self.engine, self.entry)
        self.case = self.engine.refreshed(self.case, self.state.referral)

    def _wait_of(self, drafted: Draft) -> Wait:
        after = drafted.after
        return Wait(
            id=f"{after.run}-{after.version}",
            step=self.entry.step,
            token=self.entry.token or "",
            accepts=self.step.accepted_updates(after) | {UpdateKind.DEADLINE},
            deadline=after.due_at,
        )


def _read(engine: Engine, entry: StepInput) -> ReferralState:
    state = engine.sources.referrals.load(entry.tenant, entry.referral_id)
    if state.referral.run != entry.run:
        raise StaleRun(f"run {state.referral.run} is at work")
    return state


def _is_retry(mailbox: Mailbox, step: Step) -> bool:
    """Whether this entry is a new try of the step's own wait, rather than a new entry."""
    wait, resolution = mailbox.wait, mailbox.resolution
    if wait is None or wait.step is not step:
        return False
    if resolution is None:
        return True
    # OpenWorkItem is also where a fault leads: taken over more often than the state is tried, the
    # step that follows fails before it can write anything. Then the entry is a new one, and a
    # person sees the fault.
    is_circle = step is Step.OPEN_WORK_ITEM and wait.takeovers >= MOST_TAKEOVERS
    return resolution.next is not step and not is_circle


def _unasked(case: Case, step: Step) -> Draft:
    """Draft that the step waits without having asked: the resolution is in the mailbox already."""
    return draft(
        case,
        EventKind.RESOLUTION_FOUND,
        case.referral.status_reason,
        same_owner=True,
        facts=RunFacts(step=step),
        metered={"states": STATES_ENTERED[step]},
        current_step=step,
        restarts=0,
    )
