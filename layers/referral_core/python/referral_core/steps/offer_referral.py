"""Offer the referral to the chosen specialist's clinic and wait for its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from referral_core.domain.errors import Final as FinalError
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Appointment, Offer, Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.ports import Clinics, Directory, OfferedReferral, Referrals
from referral_core.steps.content import performer_of, task_bundle
from referral_core.steps.step import (
    AGAIN,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    rules,
)

PATIENT_PREFERENCE: Final = "patient-preference"
"""Why a clinic is taken back: one of the override codes that a routing decision may have."""


@dataclass(frozen=True)
class OfferReferral:
    """Ends `accepted` or `declined`; a silent clinic counts as one that declined."""

    referrals: Referrals
    directory: Directory
    clinics: Clinics
    name: Step = Step.OFFER_REFERRAL

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept the clinic's yes or no."""
        return frozenset({UpdateKind.OFFER_ACCEPTED, UpdateKind.OFFER_DECLINED})

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the clinic is being asked."""
        return begun(referral, self.name, moment, "Sending the referral to the clinic.")

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Send Task B with the clinical content to the clinic."""
        offer = referral.offer
        if offer is None:
            raise FinalError("there is no performer to offer the referral to")
        performer = performer_of(self.directory, referral)
        task_id = f"{referral.id}.b{offer.number}"
        rule, calendar = rules(referral).offer, calendar_of(self.directory, referral)
        offered_at = offer.offered_at or moment.now
        silent_at = calendar.after(offered_at, rule.answer_within)
        if offer.reminded:
            self.clinics.remind(performer, task_id, "answer")
            return lambda current, at: _asked(current, at, "offer-reminded", silent_at, offered_at)
        self.clinics.offer(
            performer,
            OfferedReferral(
                tenant=referral.tenant,
                referral_id=referral.id,
                task_id=task_id,
                bundle=task_bundle(self.referrals, referral, performer),
            ),
        )
        due = calendar.after(offered_at, rule.remind_after) if rule.remind_after else silent_at
        return lambda current, at: _asked(current, at, "offered", due, offered_at)

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the clinic's yes; release the held place on its no or its silence."""
        offer, remind_after = referral.offer, rules(referral).offer.remind_after
        if update.kind is UpdateKind.DEADLINE and offer and remind_after and not offer.reminded:
            return Draft(
                change(
                    referral,
                    "offer-unanswered",
                    at=moment.now,
                    actor=update.actor,
                    why="The clinic has not answered yet and is reminded.",
                    due_at=moment.soon,
                    offers=_with_offer(referral, reminded=True),
                ),
                outcome=AGAIN,
            )
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
            **_begun_anew(referral),
        ),
        outcome="declined",
        release=offer.hold if offer else None,
    )


def taken_back(
    referral: Referral,
    update: Update,
    moment: Moment,
    reason: str,
    outcome: str,
    *,
    metered: Mapping[str, int] | None = None,
) -> Draft:
    """Draft that another clinic is wanted: the one in hand is told, its place is released."""
    offer = referral.offer
    who = "The patient wants" if reason == PATIENT_PREFERENCE else "Staff want"
    return Draft(
        change(
            referral,
            "clinic-not-wanted",
            at=moment.now,
            actor=update.actor,
            why=f"{who} another clinic; one is chosen next.",
            due_at=moment.soon,
            facts={**update.facts, "reason": reason},
            metered=metered,
            offers=answered(referral, "taken-back", reason),
            offers_before=len(referral.offers),
            authorization=None,
            work_item=None,
            **_begun_anew(referral),
        ),
        outcome=outcome,
        release=offer.hold if offer else None,
    )


def _begun_anew(referral: Referral) -> dict[str, Any]:
    """Return what another clinic changes: its visit is to be booked and told to the patient."""
    return {
        "appointment": visit_dropped(referral),
        "contacts_before": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
        "patient_answer": None,
    }


def visit_dropped(referral: Referral) -> Appointment | None:
    """Return the visit, cancelled if it was still to take place."""
    visit = referral.appointment
    if visit is None or visit.status != "booked":
        return visit
    return visit.model_copy(update={"status": "cancelled"})


def answered(referral: Referral, answer: str, reason: object = None) -> tuple[Offer, ...]:
    """Return the offers with the one in hand answered; a lost offer holds no place."""
    offer = referral.offer
    if offer is None:
        return referral.offers
    kept = offer.hold if answer == "accepted" else None
    return _with_offer(referral, answer=answer, reason=str(reason) if reason else None, hold=kept)


def _with_offer(referral: Referral, **fields: Any) -> tuple[Offer, ...]:
    return (*referral.offers[:-1], referral.offers[-1].model_copy(update=fields))


def _asked(
    referral: Referral, moment: Moment, kind: str, due: datetime, offered_at: datetime
) -> Draft:
    return Draft(
        change(
            referral,
            kind,
            at=moment.now,
            actor=ROUTER,
            why="The clinic has the referral and is to accept or decline it.",
            due_at=due,
            status=Status.OFFERED,
            facts={"offer": referral.offers[-1].number},
            offers=_with_offer(referral, offered_at=offered_at),
        )
    )
