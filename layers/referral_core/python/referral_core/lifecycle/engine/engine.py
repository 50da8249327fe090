"""What the ways to a write have in common: the ports, the steps, the clock, and reacting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from referral_core.domain.access.ownership import Authority, authority_of
from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import IllegalTransition, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    Ending,
    InformationSupplied,
    NoticeUndeliverable,
    ReportReceived,
    Update,
)
from referral_core.lifecycle.case import Case, Sources
from referral_core.lifecycle.draft import Draft, record_only
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.lifecycle.reactions.cancellation import ended
from referral_core.lifecycle.reactions.notice import undeliverable
from referral_core.lifecycle.reactions.open_item import kept_open
from referral_core.lifecycle.reactions.order_change import order_changed
from referral_core.lifecycle.reactions.report import withdrawn
from referral_core.lifecycle.reactions.table import is_about_another, without_authority
from referral_core.lifecycle.reactions.unasked import still_unread
from referral_core.lifecycle.step import LifecycleStep
from referral_core.ports.lifecycle import Clock, Workflow


@dataclass(frozen=True)
class Engine:
    """The mechanism under every step.

    Attributes:
        sources: where cases are read from, the record among them.
        steps: those that this process may run or that may react here.
        conflicts: how a write is tried against other writers.
    """

    sources: Sources
    workflow: Workflow
    clock: Clock
    steps: Mapping[Step, LifecycleStep]
    conflicts: Conflicts = field(default_factory=Conflicts)

    def case(self, referral: Referral) -> Case:
        """Open the case of a referral at this moment."""
        now = self.clock.now()
        return Case(referral, now, now + self.clock.grace(), self.sources)

    def refreshed(self, case: Case, referral: Referral) -> Case:
        """Return a case at this moment; what was read stays read."""
        now = self.clock.now()
        return case.at(referral, now, now + self.clock.grace())

    def react(self, step: Step, case: Case, update: Update) -> Draft:
        """Draft what an update leads to while a step waits.

        Raises:
            NotLegal: the referral's state does not allow it now.
        """
        try:
            drafted = self._reaction(step, case, update)
        except IllegalTransition as error:
            raise NotLegal(f"{update.kind} is not possible now: {error}") from error
        if step is Step.OPEN_WORK_ITEM:
            drafted = kept_open(case, update, still_unread(case, update, drafted))
        if not isinstance(drafted.next, Step):
            return drafted
        # A new run resumes there, and so does a retry should that step fail before it writes.
        return drafted.with_after(drafted.after.but(current_step=drafted.next))

    def _reaction(self, step: Step, case: Case, update: Update) -> Draft:
        if authority_of(update, case.referral) is not Authority.PRESENT:
            return without_authority(case, update)
        if is_about_another(case, update):
            return record_only(case, update)
        if isinstance(update, Ending):
            return ended(case, update)
        if isinstance(update, NoticeUndeliverable):
            return undeliverable(case, update)
        if isinstance(update, ReportReceived) and update.withdrawn:
            return withdrawn(case, update)
        if isinstance(update, InformationSupplied):
            return order_changed(step, case, update)
        return self.steps[step].on_update(case, update)
