"""Close the referral: the outcome, and whether the loop is closed, from what was verified."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.domain.errors import Final
from referral_core.domain.lifecycle import COMPLETED, Outcome, Status, Step
from referral_core.domain.referral import Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.steps.evidence import is_unreachable
from referral_core.steps.step import ROUTER, Draft, Moment, Recording, rules


def closes_loop(referral: Referral, outcome: Outcome) -> bool:
    """Whether the evidence, the notice and (for completed-*) the acknowledgement are there."""
    notice = referral.notice
    told = notice is not None and notice.delivered_at is not None
    if outcome is Outcome.EXPIRED_UNRESOLVED:
        return False  # a person's signature that nobody knows how it ended
    if outcome is Outcome.UNABLE_TO_REACH:
        return told and is_unreachable(referral)
    if outcome not in COMPLETED:
        return told
    acknowledged = notice is not None and notice.acknowledged_at is not None
    if outcome is Outcome.COMPLETED_ATTESTED:
        return told and acknowledged and rules(referral).closure.attestation
    return told and acknowledged and any(r.sufficient for r in referral.current_reports)


@dataclass(frozen=True)
class CloseReferral:
    """Ends `closed`; the last state of a run."""

    name: Step = Step.CLOSE_REFERRAL

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept nothing: the step does not wait."""
        return frozenset()

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Close in one write: there is nothing to do between beginning and ending."""
        outcome = referral.closing
        if outcome is None:
            raise Final("no outcome was proposed")
        looped = closes_loop(referral, outcome)
        closed = change(
            referral,
            "closed",
            at=moment.now,
            actor=ROUTER,
            why="Closed." if looped else "Closed, but the loop is not: see the outcome.",
            due_at=moment.now,
            status=Status.CLOSED,
            facts={"loop_closed": looped},
            metered={"states": 1},
            phase=self.name,
            outcome=outcome,
            closed_at=moment.now,
            loop_closed=looped,
        )
        return Draft(closed, outcome="closed")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Never called: `begin` closes."""
        raise NotImplementedError

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Never called: the step does not wait."""
        raise NotImplementedError
