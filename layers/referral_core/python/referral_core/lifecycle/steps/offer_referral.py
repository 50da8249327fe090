"""Offer the referral to the chosen specialist's clinic and wait for its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from referral_core.domain.errors import Permanent
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.lifecycle import End, Next, Status, Step
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, start_draft
from referral_core.lifecycle.reactions.offer import unanswered
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports import Clinics


@dataclass(frozen=True)
class OfferReferral(Reacting):
    """Goes on with the clinic's yes; a silent clinic counts as one that declined."""

    clinics: Clinics
    name: ClassVar[Step] = Step.OFFER_REFERRAL
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CONTACT_PATIENT,
            Step.OFFER_REFERRAL,
            Step.ROUTE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = reactions_to(
        UpdateKind.OFFER_ACCEPTED, UpdateKind.OFFER_DECLINED, UpdateKind.REPORT_RECEIVED
    )

    def start(self, case: Case) -> Draft:
        """Record that the clinic is being asked."""
        return start_draft(case, self.name, "Sending the referral to the clinic.")

    def execute(self, case: Case) -> Recorder:
        """Send Task B with the clinical content to the clinic, or remind it."""
        offer = case.referral.offer
        if offer is None:
            raise Permanent("there is no performer to offer the referral to")
        performer, rule = case.performer(), case.rules.offer
        offered_at = offer.offered_at or case.now
        silent_at = case.calendar.after(offered_at, rule.answer_within)
        if offer.reminded:
            self.clinics.remind(performer, case.task_id(offer), "answer")
            kind = EventKind.OFFER_REMINDED
            return lambda current: _asked(current, kind, silent_at, offered_at)
        self.clinics.offer(
            OfferedReferral(
                referral=case.referral,
                task_id=case.task_id(offer),
                performer=performer,
                payload=case.payload,
            )
        )
        due = silent_at
        if rule.remind_after:
            due = case.calendar.after(offered_at, rule.remind_after)
        return lambda current: _asked(current, EventKind.OFFERED, due, offered_at)

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Remind the clinic once where the pathway says so; then it counts as declined."""
        referral, offer = case.referral, case.referral.offer
        if offer is None or offer.reminded or not case.rules.offer.remind_after:
            return unanswered(case, update)
        return draft(
            case,
            EventKind.OFFER_UNANSWERED,
            "The clinic has not answered yet and is reminded.",
            then=Step.OFFER_REFERRAL,
            by=update,
            facts=OfferFacts(offer=offer.number),
            offers=referral.with_offer_changed(reminded=True),
        )


def _asked(case: Case, kind: EventKind, due: datetime, offered_at: datetime) -> Draft:
    referral = case.referral
    return draft(
        case,
        kind,
        "The clinic has the referral and is to accept or decline it.",
        due_at=due,
        status=Status.OFFERED,
        facts=OfferFacts(offer=referral.offers[-1].number),
        offers=referral.with_offer_changed(offered_at=offered_at),
    )
