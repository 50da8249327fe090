"""Whether the slot that a booking names may be its own: checked before anything is written."""

from __future__ import annotations

from http import HTTPStatus

from referral_core.domain.referral import Referral
from referral_core.domain.updates import AppointmentBooked
from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.inbound.partner_updates import AppointmentReport
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.booked_slots import slot_at


def require_slot(engine: Engine, referral: Referral, reported: AppointmentReport) -> None:
    """Refuse a booking of a slot that is not free, is another referral's, or begins elsewhere.

    Raises:
        FhirError: 409, the slot is not to be had.
    """
    offer, start = referral.offer, reported.start
    if reported.kind_class is not AppointmentBooked or referral.is_closed:
        return  # what became of a visit is taken, whoever has its slot by now
    if reported.slot is None or offer is None or start is None:
        return
    own = offer.reservation.slot if offer.reservation else None
    if own is not None and own.id == reported.slot and own.start <= start < own.end:
        return
    found = slot_at(engine.sources.directory, referral.tenant, offer, start)
    if found is None or found[1].id != reported.slot:
        refuse(
            "slot-not-free",
            "Name the free slot in which the visit begins, which is reserved for nobody else, or "
            "leave the slot out.",
            code="conflict",
            status=HTTPStatus.CONFLICT,
            expression="Appointment.slot",
        )
