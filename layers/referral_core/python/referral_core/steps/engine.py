"""The engine: carries one step, posts one update, tends one referral that is due.

Three ways lead to a write, and all of them are the same: read referral and mailbox, draft the
change, commit it conditional on run, version and mailbox version, and read again on a conflict.
What a step does to the world it does once per entry; only the recording of it is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from referral_core.domain.errors import Conflict, NotLegal, StaleRun, VersionMoved
from referral_core.domain.lifecycle import IllegalTransition, Step
from referral_core.domain.mailbox import Disposition, Mailbox, Wait
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Referral, change
from referral_core.domain.updates import ALWAYS_ACCEPTED, Role, Update, UpdateKind
from referral_core.ports import (
    Clock,
    Commit,
    Delivery,
    Evidence,
    Loaded,
    NoCapacity,
    NotNow,
    Referrals,
    Workflow,
)
from referral_core.steps.records import is_about_another, recorded_at_once, reopened
from referral_core.steps.step import (
    AGAIN,
    CLOSING,
    ROUTER,
    STATES_ENTERED,
    SUPERSEDED,
    Draft,
    LifecycleStep,
    Moment,
    Recording,
    StepInput,
    ended_from_outside,
    noted,
)

_TRIES: Final = 20
"""How often a write is tried against other writers; each try reads afresh."""
_MOST_PATIENT: Final = 6
"""The watchdog's grace doubles with each restart, up to 2**6 times."""


class Receipt(StrEnum):
    """What became of an update."""

    ANSWERED = "answered"
    RECORDED = "recorded"
    PENDING = "pending"
    DUPLICATE = "duplicate"
    LATE = "late"


class Tending(StrEnum):
    """What the watchdog did for a due referral."""

    NOT_DUE = "not-due"
    DEADLINE = "deadline"
    SENT_AGAIN = "sent-again"
    RESTARTED = "restarted"


@dataclass(frozen=True)
class Engine:
    """The mechanism under every step."""

    referrals: Referrals
    workflow: Workflow
    clock: Clock
    steps: Mapping[Step, LifecycleStep]

    # --- a step of the state machine -------------------------------------------------------

    def carry(self, entry: StepInput) -> str | None:
        """Carry one entry of a step.

        Returns:
            The outcome, or None while the step waits (its answer goes to the token).

        Raises:
            RouterError: the step failed; the state machine retries it, then opens a work item.
        """
        step = self.steps[entry.step]
        try:
            outcome = self._enter(step, entry)
        except StaleRun:
            outcome = SUPERSEDED
        if entry.token is None:
            return outcome
        if outcome is not None:
            self.workflow.answer(entry.token, outcome)
        return None

    def _enter(self, step: LifecycleStep, entry: StepInput) -> str | None:
        loaded = self._read(entry)
        if loaded.referral.is_closed:
            return "closed" if entry.step is Step.CLOSE_REFERRAL else SUPERSEDED
        if _is_retry(loaded.mailbox, entry.step):
            return self._take_over(step, entry)
        if entry.token is not None and self._answered_already(step, loaded):
            # What would be waited for is here: nothing needs to be asked any more.
            return self._wait_and_drain(step, entry, _unasked(step.name))
        if entry.token is not None:
            self._take_note(step, entry)
        begun = self._record(entry, step.begin, None)
        if begun.outcome is not None:
            return begun.outcome
        return self._act(step, entry)

    def _take_note(self, step: LifecycleStep, entry: StepInput) -> None:
        """Record what came early and only informs: the step does not ask for what it has."""
        for _ in range(_TRIES):
            loaded = self._read(entry)
            update = loaded.mailbox.acceptable(step.accepts(loaded.referral))
            if update is None:
                return
            try:
                draft = self._answer(step, loaded.referral, update)
            except NotLegal:
                return
            if draft.outcome is not None:
                return
            draft = _marked(draft, update)
            with suppress(Conflict):
                self.referrals.commit(_commit(draft, loaded, loaded.mailbox.recorded(update)))

    def _answered_already(self, step: LifecycleStep, loaded: Loaded) -> bool:
        update = loaded.mailbox.acceptable(step.accepts(loaded.referral))
        if update is None:
            return False
        try:
            return self._answer(step, loaded.referral, update).outcome is not None
        except NotLegal:
            return False

    def _act(self, step: LifecycleStep, entry: StepInput) -> str | None:
        for _ in range(_TRIES):
            referral = self._read(entry).referral
            recording = step.act(referral, self._moment())
            try:
                return self._wait_and_drain(step, entry, recording)
            except NoCapacity:
                continue  # another referral took the place: choose again
        raise Conflict("capacity kept changing")

    def _wait_and_drain(
        self, step: LifecycleStep, entry: StepInput, recording: Recording
    ) -> str | None:
        draft = self._record(entry, recording, step)
        if draft.outcome is not None:
            return draft.outcome
        return self._drain(step, entry)

    def _drain(self, step: LifecycleStep, entry: StepInput) -> str | None:
        """Let pending updates answer the wait that was just opened or taken over."""
        while True:
            loaded = self._read(entry)
            mailbox = loaded.mailbox
            if mailbox.answer is not None:
                return mailbox.answer.outcome if mailbox.wait == _own(mailbox, entry) else None
            update = mailbox.acceptable(mailbox.wait.accepts) if mailbox.wait else None
            if update is None:
                return None
            try:
                draft = self._answer(step, loaded.referral, update)
            except NotLegal:
                draft = _unusable(loaded.referral, update, self._moment())
            draft = _marked(draft, update)
            try:
                self.referrals.commit(_commit(draft, loaded, _after_answer(loaded, draft, update)))
            except Conflict:
                continue
            if draft.outcome is not None:
                return draft.outcome

    def _take_over(self, step: LifecycleStep, entry: StepInput) -> str | None:
        """Give the open wait this try's token: what was asked is not asked again."""
        for _ in range(_TRIES):
            loaded = self._read(entry)
            mailbox, referral = loaded.mailbox, loaded.referral
            if not _is_retry(mailbox, entry.step) or mailbox.wait is None or entry.token is None:
                break
            draft = Draft(
                change(
                    referral,
                    "wait-taken-over",
                    at=self.clock.now(),
                    actor=ROUTER,
                    why=referral.why,
                    due_at=mailbox.wait.deadline if mailbox.is_waiting else self._moment().soon,
                    queue=referral.queue,
                    waits_for=referral.waits_for,
                    facts={"step": entry.step.value},
                    restarts=0,
                )
            )
            try:
                self.referrals.commit(_commit(draft, loaded, mailbox.taken_over(entry.token)))
            except Conflict:
                continue
            return self._drain(step, entry)
        return self._enter(step, entry)

    def _record(
        self, entry: StepInput, recording: Recording, waiting: LifecycleStep | None
    ) -> Draft:
        """Commit a draft; with `waiting`, a draft without outcome opens that step's wait."""
        for _ in range(_TRIES):
            loaded = self._read(entry)
            draft = recording(loaded.referral, self._moment())
            mailbox: Mailbox | None = None
            if waiting is not None and draft.outcome is None:
                mailbox = loaded.mailbox.opened(_wait(waiting, entry, draft))
            elif loaded.mailbox.wait is not None:
                mailbox = loaded.mailbox.closed()
            try:
                self.referrals.commit(_commit(draft, loaded, mailbox))
            except (Conflict, NotNow):
                continue
            return draft
        raise Conflict("other writers were always first")

    def _read(self, entry: StepInput) -> Loaded:
        loaded = self.referrals.load(entry.tenant, entry.referral_id)
        if loaded.referral.run != entry.run:
            raise StaleRun(f"run {loaded.referral.run} carries the referral")
        return loaded

    # --- an update from outside ------------------------------------------------------------

    def post(
        self,
        tenant: Tenant,
        referral_id: ReferralId,
        update: Update,
        *,
        payload: bytes | None = None,
        evidence: Evidence | None = None,
        phone_hash: str | None = None,
        known_version: int | None = None,
    ) -> Receipt:
        """Post one update: it answers the wait, is kept for a later one, or is recorded as late.

        Args:
            tenant: of the principal who posts.
            referral_id: whom it concerns.
            update: what is told; the same id again changes nothing.
            payload: the new clinical payload that comes with it.
            evidence: the document that comes with it, stored already.
            phone_hash: the patient's phone number (hashed) as it is from now on.
            known_version: of the payload that the sender knows, when it must still be that one.

        Raises:
            NotFound: the tenant has no such referral.
            NotLegal: the referral's state does not allow it now.
            VersionMoved: the payload is not of the version that the sender knows.
            Conflict: other writers were always first; post again.
        """
        for _ in range(_TRIES):
            loaded = self.referrals.load(tenant, referral_id)
            mailbox = loaded.mailbox
            disposition = mailbox.disposition(update)
            if disposition is Disposition.DUPLICATE:
                return Receipt.DUPLICATE
            if known_version not in {None, loaded.referral.payload_version}:
                raise VersionMoved("The stored version is another one.")
            referral = _with_payload(loaded.referral, payload, update.received_at)
            draft, receipt = self._draft_post(referral, mailbox, update, disposition)
            draft = _marked(draft, update)
            if receipt is Receipt.PENDING:
                after = mailbox.held(update)
            elif receipt is Receipt.LATE:
                after = mailbox.recorded(update)
            else:
                after = _after_answer(loaded, draft, update)
            commit = _commit(draft, loaded, after).model_copy(
                update={
                    "update": update,
                    "payload": None if receipt is Receipt.LATE else payload,
                    "evidence": evidence,
                    "phone_hash": phone_hash,
                }
            )
            try:
                self.referrals.commit(commit)
            except (Conflict, StaleRun):
                continue
            if draft.outcome is not None and mailbox.wait is not None:
                # Lost on the way, it is sent again by the sweep: the answer is on record.
                self.workflow.answer(mailbox.wait.token, draft.outcome)
            return receipt
        raise Conflict("other writers were always first")

    def _draft_post(
        self, referral: Referral, mailbox: Mailbox, update: Update, disposition: Disposition
    ) -> tuple[Draft, Receipt]:
        if referral.is_closed:
            return _late(referral, update, self._moment()), Receipt.LATE
        recorded = recorded_at_once(referral, update, self._moment())
        if recorded is not None:
            return recorded, Receipt.RECORDED
        if disposition is Disposition.ANSWERS and mailbox.wait is not None:
            draft = self._answer(self.steps[mailbox.wait.step], referral, update)
            return draft, Receipt.ANSWERED if draft.outcome else Receipt.RECORDED
        return _kept(referral, update, self._moment()), Receipt.PENDING

    def _answer(self, step: LifecycleStep, referral: Referral, update: Update) -> Draft:
        moment = self._moment()
        try:
            if is_about_another(referral, update):
                return noted(referral, update, moment)
            if update.kind in ALWAYS_ACCEPTED:
                draft = ended_from_outside(referral, update, moment)
            else:
                draft = step.answer(referral, update, moment)
        except IllegalTransition as error:
            raise NotLegal(f"{update.kind} is not possible now: {error}") from error
        if draft.outcome == CLOSING:
            return _closing(draft, step.name)
        return draft

    # --- the watchdog ----------------------------------------------------------------------

    def tend(self, tenant: Tenant, referral_id: ReferralId) -> Tending:
        """Move a due referral: its deadline, its lost answer, or a new run if nobody carries it."""
        loaded = self.referrals.load(tenant, referral_id)
        referral, mailbox = loaded.referral, loaded.mailbox
        moment = self._moment()
        if referral.is_closed or referral.due_at > moment.now:
            return Tending.NOT_DUE
        wait = mailbox.wait
        if wait is not None and mailbox.is_waiting and wait.deadline <= moment.now:
            self.post(tenant, referral_id, _deadline(wait, moment.now))
            return Tending.DEADLINE
        if wait is not None and mailbox.answer is not None:
            self.referrals.commit(_commit(_sent_again(referral, moment), loaded, None))
            delivery = self.workflow.answer(wait.token, mailbox.answer.outcome)
            if delivery is not Delivery.NOBODY_WAITS:
                return Tending.SENT_AGAIN
            loaded = self.referrals.load(tenant, referral_id)
            if loaded.mailbox.answer != mailbox.answer:
                return Tending.SENT_AGAIN
        self.referrals.commit(_commit(self._restarted(loaded.referral), loaded, None))
        return Tending.RESTARTED

    # --- reopening -------------------------------------------------------------------------

    def reopen(
        self, tenant: Tenant, referral_id: ReferralId, resume: Step, actor: str, reason: str
    ) -> Referral:
        """Open a closed referral again: the next run resumes at a step; its closure stays known.

        Args:
            tenant: of the principal.
            referral_id: which one.
            resume: one of `REOPENS`.
            actor: who wants it.
            reason: a code; a text may hold PHI.

        Raises:
            NotFound: the tenant has no such referral.
            NotLegal: it is not closed, or cannot be resumed there.
        """
        for _ in range(_TRIES):
            loaded = self.referrals.load(tenant, referral_id)
            draft = reopened(loaded.referral, resume, self._moment(), actor, reason)
            mailbox = loaded.mailbox.closed()
            try:
                self.referrals.commit(_commit(draft, loaded, mailbox))
            except (Conflict, StaleRun):
                continue
            return draft.change.after
        raise Conflict("other writers were always first")

    def _restarted(self, referral: Referral) -> Draft:
        """Draft the next run: the stream starts its execution at the referral's phase."""
        now = self.clock.now()
        patience = self.clock.grace() * 2 ** min(referral.restarts, _MOST_PATIENT)
        return Draft(
            change(
                referral,
                "run-restarted",
                at=now,
                actor=ROUTER,
                why="Nobody carried the referral; a new run resumes where it stood.",
                due_at=now + patience,
                queue=referral.queue,
                waits_for=referral.waits_for,
                facts={"phase": referral.phase.value},
                metered={"states": 1},
                run=referral.run + 1,
                restarts=referral.restarts + 1,
            )
        )

    def _moment(self) -> Moment:
        now = self.clock.now()
        return Moment(now=now, soon=now + self.clock.grace())


def _is_retry(mailbox: Mailbox, step: Step) -> bool:
    """Whether this entry is a new try of the step's own wait, rather than a new entry."""
    if mailbox.wait is None or mailbox.wait.step is not step:
        return False
    return mailbox.answer is None or mailbox.answer.outcome != AGAIN


def _own(mailbox: Mailbox, entry: StepInput) -> Wait | None:
    wait = mailbox.wait
    return wait if wait is not None and wait.token == entry.token else None


def _wait(step: LifecycleStep, entry: StepInput, draft: Draft) -> Wait:
    after = draft.change.after
    return Wait(
        id=f"{after.run}-{after.version}",
        step=step.name,
        token=entry.token or "",
        accepts=step.accepts(after) | {UpdateKind.DEADLINE},
        deadline=after.due_at,
    )


def _unasked(step: Step) -> Recording:
    """Record that the step waits without having asked: the answer is in the mailbox already."""
    return lambda current, at: Draft(
        change(
            current,
            "answer-found",
            at=at.now,
            actor=ROUTER,
            why=current.why,
            due_at=at.soon,
            queue=current.queue,
            waits_for=current.waits_for,
            facts={"step": step.value},
            metered={"states": STATES_ENTERED[step]},
            phase=step,
            restarts=0,
        )
    )


def _commit(draft: Draft, loaded: Loaded, mailbox: Mailbox | None) -> Commit:
    return Commit(
        change=draft.change.model_copy(update={"before": loaded.referral}),
        mailbox_before=loaded.mailbox,
        mailbox=mailbox,
        decision=draft.decision,
        evidence=draft.evidence,
        slot=draft.slot,
        hold=draft.hold,
        hold_capacity=draft.hold_capacity,
        release=draft.release,
    )


def _marked(draft: Draft, update: Update) -> Draft:
    """Name the update in the event that used, kept or recorded it."""
    event = draft.change.event
    named = event.model_copy(update={"facts": {**event.facts, "update": update.id}})
    return replace(draft, change=draft.change.model_copy(update={"event": named}))


def _after_answer(loaded: Loaded, draft: Draft, update: Update) -> Mailbox:
    if draft.outcome is not None:
        return loaded.mailbox.answered(update, draft.outcome)
    return loaded.mailbox.recorded(update, deadline=draft.change.after.due_at)


def _closing(draft: Draft, step: Step) -> Draft:
    """VerifyClosure itself is entered again; every other step goes on to it."""
    if step is Step.VERIFY_CLOSURE:
        return Draft(draft.change, outcome=AGAIN, release=draft.release)
    if step is Step.OPEN_WORK_ITEM:
        return Draft(draft.change, outcome=Step.VERIFY_CLOSURE.value, release=draft.release)
    return draft


def _with_payload(referral: Referral, payload: bytes | None, at: datetime) -> Referral:
    if payload is None or referral.is_closed:
        return referral
    following = {"payload_version": referral.payload_version + 1, "revised_at": at}
    return referral.model_copy(update=following)


def _deadline(wait: Wait, now: datetime) -> Update:
    return Update(
        id=f"deadline-{wait.id}-{int(wait.deadline.timestamp())}",
        kind=UpdateKind.DEADLINE,
        actor="timer",
        role=Role.ROUTER,
        received_at=now,
    )


def _late(referral: Referral, update: Update, moment: Moment) -> Draft:
    return noted(referral, update, moment, "update-late")


def _kept(referral: Referral, update: Update, moment: Moment) -> Draft:
    return noted(referral, update, moment, "update-received")


def _unusable(referral: Referral, update: Update, moment: Moment) -> Draft:
    return noted(referral, update, moment, "update-unusable")


def _sent_again(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "answer-sent-again",
            at=moment.now,
            actor=ROUTER,
            why=referral.why,
            due_at=moment.soon,
            queue=referral.queue,
            waits_for=referral.waits_for,
        )
    )
