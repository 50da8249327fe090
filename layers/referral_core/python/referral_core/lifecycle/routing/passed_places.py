"""A reserved time passes before the clinic is asked: another one of the same clinic is reserved.

An authorization may pend for days, and is for one performer: who has another time keeps it.
"""

from __future__ import annotations

from referral_core.domain.effects import Effect, Release, Reserve
from referral_core.domain.events import EventKind, OfferFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.referral import Offer, Reservation
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.routing.score import Candidate, reservation_of
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, release, start_draft
from referral_core.lifecycle.reactions.offer import CAPACITY_CHANGED
from referral_core.lifecycle.routing.proposal import decided_already
from referral_core.lifecycle.routing.times import Times
from referral_core.lifecycle.routing.turns import weeks_in_time


def another_time(case: Case, step: Step) -> Draft | None:
    """Draft that another time is reserved, or another clinic is chosen; None while it is to come.

    Of an offer that the clinic knows nothing is changed: it books the visit.
    """
    offer = case.referral.offer
    before = offer.reservation if offer else None
    is_asked = offer is None or offer.status != "open" or offer.offered_at is not None
    if offer is None or before is None or is_asked or not _has_passed(case, before):
        return None
    found = _next_of(case, offer)
    if found is None:
        return _of_another_clinic(case, offer)
    after = reservation_of(found)
    return start_draft(
        case,
        step,
        "The time that was reserved has passed; the next one of the clinic is reserved.",
        effects=_exchanged(before, after, found, offer),
        offers=case.referral.with_offer_changed(reservation=after),
    )


def _has_passed(case: Case, reserved: Reservation) -> bool:
    """Whether the time is over, or nearer than the clinic is first waited for."""
    rule = case.rules.offer
    if reserved.slot is None:
        return reserved.week < iso_week(case.today)
    waited = case.calendar.after(case.now, rule.remind_after or rule.answer_within)
    return reserved.slot.start < waited


def _next_of(case: Case, offer: Offer) -> Candidate | None:
    """Return the clinic's best time that is left; None where it has none, or sees nobody now."""
    weeks, key = weeks_in_time(case), (offer.specialty, offer.npi)
    times = Times.of(case, weeks)
    listed = case.sources.directory.listed(case.referral.tenant, [key], weeks)
    found = (one for one in listed if one.practitioner.organization == offer.organization)
    ranked = (decided_already(case, one, times).candidates for one in found)
    return next((best for candidates in ranked for best in candidates), None)


def _exchanged(
    before: Reservation, after: Reservation, found: Candidate, offer: Offer
) -> tuple[Effect, ...]:
    reserve = Reserve(
        reservation=after, capacity=found.weekly_capacity, organization=offer.organization
    )
    if after.slot is not None:
        return (reserve.but(instead_of=before),)
    # A week that is over and one to come are two items.
    return (Release(reservation=before), reserve)


def _of_another_clinic(case: Case, offer: Offer) -> Draft:
    """Draft that the clinic has no other time: another one is chosen, and authorized anew."""
    referral = case.referral
    return draft(
        case,
        EventKind.OFFER_TAKEN_BACK,
        "The time that was reserved has passed and the clinic has no other; one is chosen next.",
        then=Step.ROUTE_REFERRAL,
        facts=OfferFacts(offer=offer.number, reason=CAPACITY_CHANGED),
        effects=release(offer),
        offers=referral.with_offer_ended("taken-back", CAPACITY_CHANGED),
        offers_window_start=len(referral.offers),
        authorization=None,
    )
