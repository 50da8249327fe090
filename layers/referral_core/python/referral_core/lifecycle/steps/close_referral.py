"""Close the referral: the outcome, and whether the loop is closed, from what was verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from referral_core.domain.errors import Permanent
from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.lifecycle import End, Next, Status, Step
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft
from referral_core.lifecycle.evidence import closes_loop
from referral_core.lifecycle.step import Reacting, Recorder


@dataclass(frozen=True)
class CloseReferral(Reacting):
    """The last state of a run."""

    name: ClassVar[Step] = Step.CLOSE_REFERRAL
    goes_to: ClassVar[frozenset[Next]] = frozenset({End.CLOSED})

    def start(self, case: Case) -> Draft:
        """Close in one write: there is nothing to do between starting and ending."""
        outcome = case.referral.proposed_outcome
        if outcome is None:
            raise Permanent("no outcome was proposed")
        looped = closes_loop(case, outcome)
        return draft(
            case,
            EventKind.CLOSED,
            "Closed." if looped else "Closed, but the loop is not: see the outcome.",
            due_at=case.now,
            then=End.CLOSED,
            status=Status.CLOSED,
            facts=ClosureFacts(outcome=outcome, loop_closed=looped),
            current_step=self.name,
            outcome=outcome,
            closed_at=case.now,
            loop_closed=looped,
        )

    def execute(self, case: Case) -> Recorder:
        """Never called: `start` closes."""
        raise NotImplementedError
