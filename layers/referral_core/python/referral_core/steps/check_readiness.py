"""Check that the order holds what its pathway needs; ask the referrer for what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Directory, Referrals
from referral_core.steps.content import content_of, missing
from referral_core.steps.step import (
    AGAIN,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    due_after,
    needs_person,
    rules,
)


@dataclass(frozen=True)
class CheckReadiness:
    """Ends `ready`, or waits for the referrer and is entered again."""

    referrals: Referrals
    directory: Directory
    name: Step = Step.CHECK_READINESS
    accepts: frozenset[UpdateKind] = frozenset({UpdateKind.INFORMATION_SUPPLIED})

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the content is being checked."""
        return begun(referral, self.name, moment, "Checking that the order is complete.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Compare the content with what the pathway requires."""
        readiness = rules(referral).readiness
        absent = missing(content_of(self.referrals, referral), readiness.required)
        ask_again = due_after(self.directory, referral, moment, readiness.ask_again_after)

        def record(current: Referral, at: Moment) -> Draft:
            if not absent:
                return Draft(
                    change(
                        current,
                        "readiness-confirmed",
                        at=at.now,
                        actor=ROUTER,
                        why="The order is complete.",
                        due_at=at.soon,
                        missing=(),
                    ),
                    outcome="ready",
                )
            if current.information_requests >= readiness.asks:
                return needs_person(
                    current,
                    Reason.MISSING_INFORMATION,
                    at,
                    missing=absent,
                    information_requests=0,
                )
            return Draft(
                change(
                    current,
                    "information-requested",
                    at=at.now,
                    actor=ROUTER,
                    why=f"The order lacks {', '.join(absent)}; the referrer is to supply it.",
                    due_at=ask_again,
                    status=Status.NEEDS_INFORMATION,
                    facts={"missing": ",".join(absent)},
                    missing=absent,
                    information_requests=current.information_requests + 1,
                )
            )

        return record

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Look again, whether information came or the time ran out."""
        return Draft(
            change(
                referral,
                update.kind.value,
                at=moment.now,
                actor=update.actor,
                why="Checking the order again.",
                due_at=moment.soon,
                facts=update.facts,
            ),
            outcome=AGAIN,
        )
