"""Offer the referral to the chosen specialist's clinic and wait for its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Permanent
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.lifecycle import End, Next, Status, Step
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.orders.large_parts import whole
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import Offer
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.authorized_period import was_seen
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
from referral_core.lifecycle.reactions.unasked import wrote
from referral_core.lifecycle.routing.passed_places import another_time
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.documents import ReadableDocuments
from referral_core.ports.lifecycle import Clinics


@dataclass(frozen=True)
class OfferReferral(Reacting):
    """Goes on with the clinic's yes; a silent clinic counts as one that declined.

    Attributes:
        documents: hold what of an order is large; given on first use, since few have any.
    """

    clinics: Clinics
    documents: Callable[[], ReadableDocuments]
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
        UpdateKind.PATIENT_REPLIED: wrote,
    }

    def start(self, case: Case) -> Draft:
        """Record that the clinic is being asked, or gets another version of the order."""
        referral = case.referral
        ended = None if was_seen(referral) else authorization_ended(case, self.name)
        if referral.work_item is None:
            first = ended or another_time(case, self.name)
            if first is not None:
                return first
        return start_draft(
            case,
            self.name,
            "Sending the referral to the clinic.",
            queue=referral.queue if referral.work_item else None,
        )

    def execute(self, case: Case) -> Recorder:
        """Send Task B with the clinical content to the clinic, or remind it.

        What is on record as sent is not sent again: the wait for the answer is opened anew.
        """
        offer = case.referral.offer
        if offer is None:
            raise Permanent("there is no performer to offer the referral to")
        offered_at = offer.offered_at or case.now
        is_known = offer.payload_version == case.referral.payload_version
        if not is_known:
            self._send(case, offer, case.performer())
        if offer.status == "accepted" or case.referral.work_item is not None:
            return _goes_on
        kind = EventKind.OFFER_AWAITED if is_known else EventKind.OFFERED
        reminds = is_known and offer.reminded and not offer.reminder_sent
        if reminds:
            self.clinics.remind(case.performer(), case.task_id(offer), "answer")
            kind = EventKind.OFFER_REMINDED
        due = _answer_due(case, offer, offered_at)
        return lambda current: _asked(current, kind, due, offered_at, reminds=reminds)

    def _send(self, case: Case, offer: Offer, performer: Practitioner) -> None:
        tenant = case.referral.tenant
        payload = whole(case.payload, lambda sha256: self.documents().get(tenant, sha256))
        self.clinics.offer(
            OfferedReferral(
                referral=case.referral,
                task_id=case.task_id(offer),
                performer=performer,
                payload=payload,
            )
        )

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Remind the clinic once where the pathway says so; then it counts as declined."""
        referral, offer = case.referral, case.referral.offer
        if (ended := authorization_ended(case, self.name, by=update)) is not None:
            return ended
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


def _answer_due(case: Case, offer: Offer, offered_at: datetime) -> datetime:
    """Return when the clinic is to be reminded to answer, else when its silence means no."""
    rule = case.rules.offer
    within = rule.answer_within if offer.reminded else rule.remind_after or rule.answer_within
    return case.calendar.after(offered_at, within)


def _asked(
    case: Case, kind: EventKind, due: datetime, offered_at: datetime, *, reminds: bool
) -> Draft:
    referral = case.referral
    sent = reminds or referral.offers[-1].reminder_sent
    return draft(
        case,
        kind,
        "The clinic has the referral and is to accept or decline it.",
        due_at=due,
        status=Status.OFFERED,
        facts=OfferFacts(offer=referral.offers[-1].number),
        offers=referral.with_offer_changed(
            offered_at=offered_at,
            payload_version=referral.payload_version,
            reminder_sent=sent,
        ),
    )


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
        if was_seen(referral)
        else (Step.AWAIT_VISIT if has_agreed else Step.CONTACT_PATIENT),
        EventKind.ROUTING_RESUMED,
        "The clinic has the order's new version.",
        offers=offers,
    )
