"""Choose the specialist by capacity, hold a place, and keep the decision with its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from referral_core.domain.errors import RouterError
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.network import Practitioner
from referral_core.domain.referral import Offer, Referral, change
from referral_core.domain.routing import POLICY, Need, Ranking, hold_of, rank, shown, weeks_from
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Clinics, Directory, Referrals, RoutingDecision
from referral_core.steps.content import ReferralContent, content_of, performer_of
from referral_core.steps.step import (
    AGAIN,
    ROUTER,
    STATES_ENTERED,
    Draft,
    Moment,
    Recording,
    begun,
    due_after,
    needs_person,
    onward,
    passed_on,
    rules,
)

_KEPT_CANDIDATES: Final = 20
"""How many candidates a decision keeps, best first: enough to explain it within one item."""
_NOBODYS_DOING: Final = frozenset(Outcome)
"""Why an offer was taken back that would still stand: the referral was closed, then reopened."""


@dataclass(frozen=True)
class RouteReferral:
    """Ends `routed`, waits on the waitlist, or gives the referral to the coordinators."""

    referrals: Referrals
    directory: Directory
    clinics: Clinics
    name: Step = Step.ROUTE_REFERRAL

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept a person's decision to look again at once."""
        return frozenset({UpdateKind.DECISION})

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that a specialist is being chosen; what a person must see first goes to them."""
        if referral.work_item is not None:
            return passed_on(referral, moment, {"states": STATES_ENTERED[self.name]})
        return begun(
            referral,
            self.name,
            moment,
            "Choosing a specialist with room in the network.",
            status=Status.ROUTING,
        )

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Rank the directory and propose the best candidate and the week to hold."""
        chosen = referral.offer
        if chosen is not None and chosen.answer == "open" and chosen.offered_at is None:
            # The answer of an earlier try was lost: its choice stands, and holds the place.
            return _chosen_already
        self._take_back(referral)
        rule = rules(referral)
        content = content_of(self.referrals, referral)
        specialty = content.service.performer_specialty or rule.routing.specialty
        specialists = self.directory.specialists(referral.tenant, specialty)
        need = _need(referral, content)
        ranking = self._rank(referral, need, specialists, moment)
        choice = rule.routing.choice
        listed = shown(need, ranking, specialists, choice) if choice else ()
        retry_at = due_after(self.directory, referral, moment, rule.routing.waitlist_retry)
        best = next(iter(ranking.candidates), None)
        tried_enough = len(referral.offers) - referral.offers_before >= rule.offer.offers

        def record(current: Referral, at: Moment) -> Draft:
            number = len(current.offers) + 1
            decision = RoutingDecision(
                number=current.version,
                at=at.now,
                policy=POLICY,
                chosen=best.npi if best and not tried_enough else None,
                candidates=tuple(
                    {"npi": c.npi, "week": c.week, "score": c.score, **c.parts}
                    for c in ranking.candidates[:_KEPT_CANDIDATES]
                ),
                exclusions=ranking.exclusions,
                shown=listed,
            )
            if best is None or tried_enough:
                return self._no_place(current, at, decision, retry_at, waitlist=not tried_enough)
            hold = hold_of(best)
            offer = Offer(
                number=number,
                npi=best.npi,
                organization=best.organization,
                specialty=specialty,
                hold=hold,
                decision=decision.number,
            )
            return Draft(
                change(
                    current,
                    "routed",
                    at=at.now,
                    actor=ROUTER,
                    why="A specialist is chosen and a place is held.",
                    due_at=at.soon,
                    facts={"offer": number, "week": hold.week, "score": str(best.score)},
                    offers=(*current.offers, offer),
                    waitlist_tries=0,
                ),
                outcome="routed",
                decision=decision,
                hold=hold,
                hold_capacity=best.weekly_capacity,
            )

        return record

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Route again: the waitlist's time is up."""
        return Draft(
            change(
                referral,
                "waitlist-retried",
                at=moment.now,
                actor=update.actor,
                why="Looking again for a specialist with room.",
                due_at=moment.soon,
            ),
            outcome=AGAIN,
        )

    def _take_back(self, referral: Referral) -> None:
        """Tell a clinic that the referral is no longer its own, when it was not its doing.

        Whether it hears that holds nobody up: what it says later is refused with a reason.
        """
        last = referral.offers[-1] if referral.offers else None
        if last is None or last.answer not in {"silent", "taken-back"}:
            return
        with suppress(RouterError):
            performer = performer_of(self.directory, referral, last)
            reason = last.reason or "no-answer"
            self.clinics.withdraw(performer, f"{referral.id}.b{last.number}", reason)

    def _rank(
        self,
        referral: Referral,
        need: Need,
        specialists: Sequence[Practitioner],
        moment: Moment,
    ) -> Ranking:
        rule = rules(referral).routing
        weeks = weeks_from(moment.now.date(), rule.weeks_ahead)
        held: dict[str, Mapping[str, int]] = {
            s.npi: self.directory.held(referral.tenant, s.npi, weeks) for s in specialists
        }
        excluded = {
            o.npi: f"{o.answer} this referral"
            for o in referral.offers
            if o.answer not in {"open", "accepted"} and o.reason not in _NOBODYS_DOING
        }
        return rank(need, specialists, held, weeks, rule=rule, excluded=excluded)

    def _no_place(
        self,
        referral: Referral,
        moment: Moment,
        decision: RoutingDecision,
        retry_at: datetime,
        *,
        waitlist: bool,
    ) -> Draft:
        if not waitlist or referral.waitlist_tries >= rules(referral).routing.waitlist_tries:
            draft = needs_person(referral, Reason.NO_CANDIDATE, moment, waitlist_tries=0)
            return Draft(draft.change, outcome=draft.outcome, decision=decision)
        return Draft(
            change(
                referral,
                "waitlisted",
                at=moment.now,
                actor=ROUTER,
                why="No specialist has room; the directory is looked at again at the due time.",
                due_at=retry_at,
                status=Status.WAITLISTED,
                waitlist_tries=referral.waitlist_tries + 1,
            ),
            decision=decision,
        )


def _chosen_already(referral: Referral, moment: Moment) -> Draft:
    why = "A specialist is chosen and a place is held."
    return onward(referral, moment, "routing-resumed", why, "routed")


def _need(referral: Referral, content: ReferralContent) -> Need:
    return Need(
        payer=referral.eligibility.payer if referral.eligibility else None,
        latitude=content.patient.latitude,
        longitude=content.patient.longitude,
        language=content.patient.language or "en",
    )
