"""What a step is: it starts, executes through its ports, says how to record it, and reacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Next, Step
from referral_core.domain.model import Model
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft

Recorder = Callable[[Case], Draft]
"""Pure: makes the draft from the referral as it is when it is written."""
Reaction = Callable[[Case, Any], Draft]
"""Pure: what an update of one kind leads to."""


class StepInput(Model):
    """What the state machine gives a step: ids and a token, nothing else."""

    tenant: Tenant
    referral_id: ReferralId
    run: int
    step: Step
    token: str | None = None


class LifecycleStep(Protocol):
    """One state of the state machine."""

    name: ClassVar[Step]
    goes_to: ClassVar[frozenset[Next]]
    """Every state that may follow: the edges of the Choice behind it, no more and no less."""

    def accepted_updates(self, referral: Referral) -> frozenset[UpdateKind]:
        """Return the kinds of update that its wait accepts, besides those that end a referral."""

    def start(self, case: Case) -> Draft:
        """Record that the step is at work, before it does anything."""

    def execute(self, case: Case) -> Recorder:
        """Do the step's work through its ports."""

    def on_update(self, case: Case, update: Update) -> Draft:
        """React to an update; a draft without `next` means that the wait goes on. Pure."""


class Reacting:
    """A step that finds its reactions in a table, and has its own to the end of its wait."""

    goes_to: ClassVar[frozenset[Next]]
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {}

    def accepted_updates(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept what there is a reaction to, and what a person must see to, whatever the step."""
        accepted = frozenset(self.reactions)
        if Step.OPEN_WORK_ITEM in self.goes_to:
            return accepted | {UpdateKind.NOTICE_UNDELIVERABLE}
        return accepted

    def on_update(self, case: Case, update: Update) -> Draft:
        """React by the table."""
        if update.kind is UpdateKind.DEADLINE:
            return self.on_deadline(case, update)
        return self.reactions[update.kind](case, update)

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """React to the end of the wait. Raises: NotImplementedError where a step never waits."""
        raise NotImplementedError
