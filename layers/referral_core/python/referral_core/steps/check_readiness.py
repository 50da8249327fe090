"""Check that the order holds what its pathway needs; ask the right party for what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.referral import About, Referral, change, with_notice
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Directory, Referrals
from referral_core.steps.content import content_of, missing
from referral_core.steps.step import (
    AGAIN,
    CLOSING,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    due_after,
    needs_person,
    rules,
)

_HEARD = {UpdateKind.DEADLINE: "information-overdue"}


@dataclass(frozen=True)
class CheckReadiness:
    """Ends `ready`, or waits for the referrer and is entered again."""

    referrals: Referrals
    directory: Directory
    name: Step = Step.CHECK_READINESS

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept the author's new version."""
        return frozenset({UpdateKind.INFORMATION_SUPPLIED})

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the content is being checked."""
        return begun(referral, self.name, moment, "Checking that the order is complete.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Compare the content with what the pathway requires."""
        readiness = rules(referral).readiness
        content = content_of(self.referrals, referral)
        if content.patient.deceased:
            return _deceased
        absent = missing(content, readiness.required, consented=referral.consent_recorded)
        asked = tuple(fact for fact in absent if fact not in readiness.asked_of_staff)
        ask_again = due_after(self.directory, referral, moment, readiness.ask_again_after)

        def record(current: Referral, at: Moment) -> Draft:
            if not absent:
                return _ready(current, at)
            if not asked or current.information_requests >= readiness.asks:
                return needs_person(
                    current,
                    Reason.MISSING_INFORMATION,
                    at,
                    status=Status.NEEDS_INFORMATION,
                    facts={"missing": ",".join(absent)},
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
                    notices=with_notice(current, at.now, About.INFORMATION_NEEDED),
                )
            )

        return record

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Look again, whether information came or the time ran out."""
        return Draft(
            change(
                referral,
                _HEARD.get(update.kind, update.kind.value),
                at=moment.now,
                actor=update.actor,
                why="Checking the order again.",
                due_at=moment.soon,
                facts=update.facts,
            ),
            outcome=AGAIN,
        )


def _ready(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "readiness-confirmed",
            at=moment.now,
            actor=ROUTER,
            why="The order is complete.",
            due_at=moment.soon,
            missing=(),
        ),
        outcome="ready",
    )


def _deceased(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "patient-deceased",
            at=moment.now,
            actor=ROUTER,
            why="The patient has died; the referrer is told.",
            due_at=moment.soon,
            status=Status.CANCEL_REQUESTED,
            closing=Outcome.DECEASED_OR_MOVED,
        ),
        outcome=CLOSING,
    )
