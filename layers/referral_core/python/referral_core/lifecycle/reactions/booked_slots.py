"""The slot that a booked visit takes: the one reserved, another one, or none that is published."""

from __future__ import annotations

from datetime import datetime, timedelta

from referral_core.domain.effects import Effect, Reserve
from referral_core.domain.errors import NotLegal
from referral_core.domain.ids import Tenant
from referral_core.domain.referral import Offer, Referral, Reservation, ReservedSlot
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.slots import Slot
from referral_core.domain.updates import AppointmentBooked, Update
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import release
from referral_core.ports.lifecycle import Directory


def slot_of_booking(
    case: Case, update: AppointmentBooked
) -> tuple[tuple[Effect, ...], tuple[Offer, ...]]:
    """Return what a booking writes of slots, and the offers with what they reserve then.

    A visit at another time gives the slot back that was reserved: it takes the one that is
    published for its time if that is nobody's, else none.
    """
    referral = case.referral
    offer, reserved = referral.offer, _reserved(referral)
    counts_places = offer is not None and offer.reservation is not None and reserved is None
    if offer is None or (counts_places and update.slot is None):
        return (), referral.offers
    if reserved is not None and reserved.start <= update.start < reserved.end:
        return (), referral.offers
    taken = slot_at(case.sources.directory, referral.tenant, offer, update.start)
    if taken is None:
        changed = referral.with_offer_changed(reservation=None) if reserved else referral.offers
        return release(offer) if reserved else (), changed
    week, slot = taken
    time = ReservedSlot(id=slot.id, start=slot.start, end=slot.end)
    reservation = Reservation(npi=offer.npi, week=week, slot=time)
    reserve = Reserve(
        reservation=reservation,
        capacity=1,
        organization=offer.organization,
        instead_of=offer.reservation,
    )
    return (reserve,), referral.with_offer_changed(reservation=reservation)


def require_named_slot(update: Update, before: Referral, after: Referral) -> None:
    """Refuse a booking that is written without the slot which it names: others were first.

    Raises:
        NotLegal: the slot is another referral's by now, or is free no more.
    """
    if not isinstance(update, AppointmentBooked) or update.slot is None:
        return
    reserved = _reserved(after)
    is_taken = reserved is not None and reserved.id == update.slot
    if after.appointment != before.appointment and not is_taken:
        raise NotLegal("The slot that it names is not to be had any more: name another, or none.")


def slot_at(
    directory: Directory, tenant: Tenant, offer: Offer, start: datetime
) -> tuple[str, Slot] | None:
    """Return the week and the slot of an offer's clinic that is free, nobody's, and begins then."""
    # The day before: the week may have begun at the clinic, or not have ended yet.
    weeks = weeks_from(start.date() - timedelta(days=1), 2)
    for week, published in directory.slots(tenant, offer.npi, weeks).items():
        for slot in published.left_to(offer.organization, offer.specialty):
            if slot.covers(start):
                return week, slot
    return None


def _reserved(referral: Referral) -> ReservedSlot | None:
    offer = referral.offer
    return offer.reservation.slot if offer and offer.reservation else None
