"""Offer the referral to the chosen specialist's clinic and wait for its answer."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.domain.errors import Final
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Offer, Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.ports import Clinics, Directory, OfferedReferral, Referrals
from referral_core.steps.content import performer_of, task_bundle
from referral_core.steps.step import ROUTER, Draft, Moment, Recording, begun, due_after, rules


@dataclass(frozen=True)
class OfferReferral:
    """Ends `accepted` or `declined`; a silent clinic counts as one that declined."""

    referrals: Referrals
    directory: Directory
    clinics: Clinics
    name: Step = Step.OFFER_REFERRAL
    accepts: frozenset[UpdateKind] = frozenset(
        {UpdateKind.OFFER_ACCEPTED, UpdateKind.OFFER_DECLINED}
    )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the clinic is being asked."""
        return begun(referral, self.name, moment, "Sending the referral to the clinic.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Send Task B with the clinical content to the clinic."""
        offer = referral.offer
        if offer is None:
            raise Final("there is no performer to offer the referral to")
        performer = performer_of(self.directory, referral)
        self.clinics.offer(
            performer,
            OfferedReferral(
                tenant=referral.tenant,
                referral_id=referral.id,
                task_id=f"{referral.id}.b{offer.number}",
                bundle=task_bundle(self.referrals, referral, performer),
            ),
        )
        due = due_after(self.directory, referral, moment, rules(referral).offer.answer_within)
        return lambda current, at: Draft(
            change(
                current,
                "offered",
                at=at.now,
                actor=ROUTER,
                why="The clinic has the referral and is to accept or decline it.",
                due_at=due,
                status=Status.OFFERED,
                facts={"offer": offer.number},
            )
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the clinic's yes; release the held place on its no or its silence."""
        if update.kind is UpdateKind.OFFER_ACCEPTED:
            return Draft(
                change(
                    referral,
                    "offer-accepted",
                    at=moment.now,
                    actor=update.actor,
                    why="The clinic accepted; the patient is contacted next.",
                    due_at=moment.soon,
                    status=Status.ACCEPTED,
                    offers=answered(referral, "accepted"),
                ),
                outcome="accepted",
            )
        silent = update.kind is UpdateKind.DEADLINE
        return offer_lost(referral, update, moment, "silent" if silent else "declined")


def offer_lost(referral: Referral, update: Update, moment: Moment, answer: str) -> Draft:
    """Draft that the clinic will not see the patient: its place is released, routing goes on."""
    offer = referral.offer
    return Draft(
        change(
            referral,
            f"offer-{answer}",
            at=moment.now,
            actor=update.actor,
            why="The clinic does not take the referral; another one is chosen next.",
            due_at=moment.soon,
            status=Status.RECIPIENT_DECLINED,
            facts={"reason": update.facts.get("reason")},
            offers=answered(referral, answer, reason=update.facts.get("reason")),
        ),
        outcome="declined",
        release=offer.hold if offer else None,
    )


def answered(referral: Referral, answer: str, reason: object = None) -> tuple[Offer, ...]:
    """Return the offers with the one in hand answered; a lost offer holds no place."""
    offer = referral.offer
    if offer is None:
        return referral.offers
    updated = offer.model_copy(
        update={
            "answer": answer,
            "reason": str(reason) if reason else None,
            "hold": offer.hold if answer == "accepted" else None,
        }
    )
    return (*referral.offers[:-1], updated)
