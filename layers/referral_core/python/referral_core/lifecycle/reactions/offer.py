"""The clinic's word on an offer: taken, declined, withdrawn; and offers that we take back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypedDict

from referral_core.domain.directory_facts import Dispute, Fact, contradicted_by
from referral_core.domain.effects import CorrectEntry, Effect
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.referral import Appointment, Notice, NoticeTopic, Referral
from referral_core.domain.referral.offer import OfferStatus
from referral_core.domain.updates import OfferAccepted, OfferDeclined, Reported
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, release
from referral_core.lifecycle.outreach import visit_off
from referral_core.lifecycle.reactions.appointment import is_booked

PATIENT_PREFERENCE: Final = "patient-preference"
"""Why a clinic is taken back: one of the override codes that a routing decision may have."""

CAPACITY_CHANGED: Final = "capacity-changed"
"""Why a clinic gives an offer back that it may well take for another week."""

ORDER_CHANGED: Final = "order-changed"
"""Why a clinic is taken back: the order is checked, and routed, as it is now."""


def accepted(case: Case, update: OfferAccepted) -> Draft:
    """Draft that the clinic takes the patient."""
    referral = case.referral
    return draft(
        case,
        EventKind.OFFER_ACCEPTED,
        "The clinic accepted; the patient is contacted next.",
        then=Step.CONTACT_PATIENT,
        by=update,
        status=Status.ACCEPTED,
        facts=OfferFacts(offer=referral.offer.number if referral.offer else None),
        offers=referral.with_offer_changed(status="accepted")
        if referral.offer
        else referral.offers,
    )


def declined(case: Case, update: OfferDeclined) -> Draft:
    """Draft that the clinic does not see the patient: declined, or withdrawn once accepted.

    What it says against the directory holds from now on, for every other referral too.
    """
    offer = case.referral.offer
    is_withdrawn = offer is not None and offer.status == "accepted"
    kind = EventKind.OFFER_WITHDRAWN if is_withdrawn else EventKind.OFFER_DECLINED
    lost = _lost(case, update, kind, update.reason)
    return replace(lost, effects=(*lost.effects, *contradicted(case, update)))


def contradicted(case: Case, update: OfferDeclined) -> tuple[Effect, ...]:
    """Return the effect of a reason that contradicts the directory; none where it does not."""
    fact, offer = contradicted_by(update.reason), case.referral.offer
    if fact is None or offer is None:
        return ()
    said = Dispute(fact=fact, said_by=update.role.value, at=case.now, referral_id=case.referral.id)
    entries = case.sources.directory.entries_of(case.referral.tenant, offer.npi)
    # All but the service is so of everything that its clinician does there.
    wrong = [
        entry
        for entry in entries
        if entry.organization == offer.organization
        and (fact is not Fact.SERVICE or entry.specialty == offer.specialty)
    ]
    changes = [(entry, entry.with_dispute(said)) for entry in wrong]
    return tuple(CorrectEntry(before=b, after=after) for b, after in changes if after != b)


def unanswered(case: Case, update: Reported) -> Draft:
    """Draft that the clinic stayed silent: it counts as one that declined."""
    return _lost(case, update, EventKind.OFFER_SILENT, None)


_STATUS: Final[Mapping[EventKind, OfferStatus]] = {
    EventKind.OFFER_DECLINED: "declined",
    EventKind.OFFER_WITHDRAWN: "withdrawn",
    EventKind.OFFER_SILENT: "silent",
}


def _lost(case: Case, update: Reported, kind: EventKind, reason: str | None) -> Draft:
    referral = case.referral
    return draft(
        case,
        kind,
        "The clinic does not take the referral; another one is chosen next.",
        then=Step.ROUTE_REFERRAL,
        by=update,
        status=Status.RECIPIENT_DECLINED,
        facts=OfferFacts(offer=referral.offer.number if referral.offer else None, reason=reason),
        effects=release(referral.offer),
        offers=referral.with_offer_ended(_STATUS[kind], reason),
        **anew(case),
    )


def taken_back(
    case: Case,
    update: Reported,
    reason: str,
    *,
    metered: Mapping[str, int] | None = None,
    performer_choice: PerformerChoice | None = None,
    known: bool = False,
) -> Draft:
    """Draft that another clinic is wanted: the one in hand is told, its capacity is released.

    Args:
        case: the referral and the moment.
        update: what wants it.
        reason: why.
        metered: units for the ledger.
        performer_choice: whom a person wants to be asked next.
        known: whether the patient knows that a visit booked is off; it may be their own wish.
    """
    referral = case.referral
    who = "The patient wants" if reason == PATIENT_PREFERENCE else "Staff want"
    return draft(
        case,
        EventKind.OFFER_TAKEN_BACK,
        f"{who} another clinic; one is chosen next.",
        then=Step.ROUTE_REFERRAL,
        by=update,
        status=Status.ROUTING if is_booked(referral) else None,
        facts=OfferFacts(offer=referral.offer.number if referral.offer else None, reason=reason),
        metered=metered,
        effects=release(referral.offer),
        offers=referral.with_offer_ended("taken-back", reason),
        offers_window_start=len(referral.offers),
        performer_choice=performer_choice,
        authorization=None,
        work_item=None,
        **anew(case, known=known or reason == PATIENT_PREFERENCE),
    )


class Anew(TypedDict):
    """What another clinic changes of a referral."""

    appointment: Appointment | None
    contacts_window_start: int
    outreach_from: datetime | None
    escalated: bool
    patient_reply: Reply | None
    notices: tuple[Notice, ...]


def anew(case: Case, *, known: bool = False) -> Anew:
    """Return what another clinic changes: its appointment is to be booked, the patient told.

    Args:
        case: the referral and the moment.
        known: whether the patient knows that the visit booked with this one is off.
    """
    referral = case.referral
    appointment, notices = visit_off.called_off(case, known=known), referral.notices
    if is_booked(referral) and appointment is not None and appointment.called_off:
        notices = referral.with_notice(case.now, NoticeTopic.VISIT_OFF)
    return {
        "appointment": appointment,
        "notices": notices,
        "contacts_window_start": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
        "patient_reply": None,
    }


def cancelled_appointment(referral: Referral) -> Appointment | None:
    """Return the appointment, cancelled if it was still to take place."""
    return referral.appointment.cancelled() if referral.appointment else None
