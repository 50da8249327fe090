"""Holds a step to the next states that it declares, wherever its drafts are made.

A simulation hands its engine `HeldToItsEdges(step)` instead of the step: an undeclared next state
raises at once. A step's entry turns what is raised into a fault, so `taken` is compared with
`goes_to` at the end; it also says which of the declared edges were taken.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from referral_core.domain.lifecycle import Next, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.step import LifecycleStep, Recorder


class UndeclaredEdge(AssertionError):
    """A draft leads to a state that the step does not declare: its Choice has no such edge."""


@dataclass(frozen=True)
class HeldToItsEdges:
    """A step whose every draft is checked.

    Attributes:
        taken: how often each next state was drafted, an undeclared one included.
    """

    held: LifecycleStep
    taken: Counter[Next] = field(default_factory=Counter)

    @property
    def name(self) -> Step:
        return self.held.name

    @property
    def goes_to(self) -> frozenset[Next]:
        return self.held.goes_to

    def accepted_updates(self, referral: Referral) -> frozenset[UpdateKind]:
        return self.held.accepted_updates(referral)

    def start(self, case: Case) -> Draft:
        return self._checked(self.held.start(case))

    def execute(self, case: Case) -> Recorder:
        recorder = self.held.execute(case)
        return lambda current: self._checked(recorder(current))

    def on_update(self, case: Case, update: Update) -> Draft:
        return self._checked(self.held.on_update(case, update))

    def _checked(self, drafted: Draft) -> Draft:
        following = drafted.next
        if following is None:
            return drafted
        self.taken[following] += 1
        if following not in self.held.goes_to:
            kind = drafted.change.event.kind
            raise UndeclaredEdge(f"{self.held.name} -> {following} by {kind}")
        return drafted
