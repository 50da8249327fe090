"""Offer the referral to the chosen specialist's clinic and wait for its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Permanent
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.lifecycle import End, Next, Status, Step
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import (
    Draft,
    continue_to,
    draft,
    forward_work_item,
    start_draft,
)
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.reactions.authorization import authorization_ended, revised_unbooked
from referral_core.lifecycle.reactions.offer import unanswered
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.lifecycle import Clinics

_SEEN: Final = frozenset({Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED})


@dataclass(frozen=True)
class OfferReferral(Reacting):
    """Goes on with the clinic's yes; a silent clinic counts as one that declined."""

    clinics: Clinics
    name: ClassVar[Step] = Step.OFFER_REFERRAL
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_READINESS,
            Step.CONTACT_PATIENT,
            Step.AWAIT_VISIT,
            Step.OFFER_REFERRAL,
            Step.ROUTE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        **reactions_to(
            UpdateKind.OFFER_ACCEPTED, UpdateKind.OFFER_DECLINED, UpdateKind.REPORT_RECEIVED
        ),
        UpdateKind.AUTHORIZATION_DECIDED: revised_unbooked,
    }

    def start(self, case: Case) -> Draft:
        """Record that the clinic is being asked, or gets another version of the order."""
        referral = case.referral
        ended = None if _was_seen(referral) else authorization_ended(case, self.name)
        if ended is not None and referral.work_item is None:
            return ended
        return start_draft(
            case,
            self.name,
            "Sending the referral to the clinic.",
            queue=referral.queue if referral.work_item else None,
        )

    def execute(self, case: Case) -> Recorder:
        """Send Task B with the clinical content to the clinic, or remind it."""
        offer = case.referral.offer
        if offer is None:
            raise Permanent("there is no performer to offer the referral to")
        performer, rule = case.performer(), case.rules.offer
        offered_at = offer.offered_at or case.now
        silent_at = case.calendar.after(offered_at, rule.answer_within)
        is_known = offer.payload_version == case.referral.payload_version
        if offer.reminded and is_known:
            self.clinics.remind(performer, case.task_id(offer), "answer")
            kind = EventKind.OFFER_REMINDED
            return lambda current: _asked(current, kind, silent_at, offered_at)
        if not is_known or offer.status == "open":
            self._send(case, offer, performer)
        if offer.status == "accepted" or case.referral.work_item is not None:
            return _goes_on
        due = silent_at
        if rule.remind_after and not offer.reminded:
            due = case.calendar.after(offered_at, rule.remind_after)
        return lambda current: _asked(current, EventKind.OFFERED, due, offered_at)

    def _send(self, case: Case, offer: Offer, performer: Practitioner) -> None:
        self.clinics.offer(
            OfferedReferral(
                referral=case.referral,
                task_id=case.task_id(offer),
                performer=performer,
                payload=case.payload,
            )
        )

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
        offers=referral.with_offer_changed(
            offered_at=offered_at, payload_version=referral.payload_version
        ),
    )


def _was_seen(referral: Referral) -> bool:
    """Whether the patient was seen: no authorization is needed for what took place."""
    return referral.status in _SEEN or referral.proposed_outcome is not None


def _goes_on(case: Case) -> Draft:
    """Draft that the clinic has the new version: the referral goes on where it was."""
    referral = case.referral
    offers = referral.with_offer_changed(payload_version=referral.payload_version)
    if referral.work_item is not None:
        return forward_work_item(case.of(referral.but(offers=offers)))
    has_agreed = referral.patient_reply is Reply.YES or is_booked(referral)
    return continue_to(
        case,
        Step.VERIFY_CLOSURE
        if _was_seen(referral)
        else (Step.AWAIT_VISIT if has_agreed else Step.CONTACT_PATIENT),
        EventKind.ROUTING_RESUMED,
        "The clinic has the order's new version.",
        offers=offers,
    )
