"""What partners send about a referral under way, each read as the update that it is.

A status that asks for nothing is a `ProgressNoted`: the referral goes on as it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from referral_core.domain.ids import ReferralId
from referral_core.domain.model import Model
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    ProgressNoted,
    Reported,
    Role,
    Update,
)
from referral_core.fhir.dates import instant, offset_of
from referral_core.fhir.errors import FhirError
from referral_core.fhir.ids import OwnId, names_several, own_id, referred
from referral_core.fhir.inbound.named_patient import NamedPatient, named_patient
from referral_core.fhir.inbound.reasons import code_of
from referral_core.fhir.inbound.visit_times import check_times
from referral_core.fhir.parse import read_resource
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.messaging import Appointment
from referral_core.fhir.r4.structure import expect
from referral_core.fhir.systems import SLOT

_APPOINTMENT: Final[Mapping[str, type[Reported]]] = {
    "proposed": ProgressNoted,
    "pending": ProgressNoted,
    "booked": AppointmentBooked,
    "arrived": ProgressNoted,
    "fulfilled": AppointmentFulfilled,
    "cancelled": AppointmentCancelled,
    "noshow": AppointmentNoshow,
    "entered-in-error": AppointmentCancelled,
    "checked-in": ProgressNoted,
    "waitlist": ProgressNoted,
}
_SLOT_ID: Final = re.compile(r"\d{10}\.[A-Za-z0-9.\-]{1,53}", re.ASCII)
"""How a slot that was published here is named: `<NPI>.<the clinic's own part>`."""
_UNTIMED: Final = frozenset({"proposed", "cancelled", "waitlist"})
"""The statuses in which FHIR lets an Appointment have no time (invariant app-3)."""


class PartnerUpdate(Model):
    """What a partner reports on a referral.

    Attributes:
        referral_id: that it names; None for a document that names none.
        offer_number: the offer (Task B) that it names, if it names one.
        kind_class: the class of the update that it is.
        status: the resource's own status.
        reason: the sender's code, `system|code` or code, free of PHI.
        reason_text: the sender's own words, kept as a document: PHI may be in them.
        patient: whom it names. PHI.
    """

    referral_id: ReferralId | None
    patient: NamedPatient = NamedPatient()
    offer_number: int | None = None
    kind_class: type[Reported]
    status: str
    reason: str | None = None
    reason_text: str | None = None

    def as_update(self, *, id: str, actor: str, role: Role, received_at: datetime) -> Update:  # noqa: A002 - the field's name
        """Return the update that it is.

        Args:
            id: of the update.
            actor: the client that reports it.
            role: of that client.
            received_at: the business instant.
        """
        header = {"id": id, "actor": actor, "role": role, "received_at": received_at}
        typed: Any = self.kind_class.model_validate({**header, **self._own_fields()})
        update: Update = typed
        return update

    @property
    def occasion(self) -> tuple[object, ...]:
        """What tells it apart from another report that becomes an equal update."""
        return (self.offer_number, self.status, *self._of_its_kind().values())

    def _own_fields(self) -> Mapping[str, object]:
        """Return what the class of the update has besides who reports it."""
        known = {"status": self.status, "reason": self.reason, **self._of_its_kind()}
        return {
            name: value for name, value in known.items() if name in self.kind_class.model_fields
        }

    def _of_its_kind(self) -> Mapping[str, object]:
        return {"offer": self.offer_number}


class AppointmentReport(PartnerUpdate):
    """What the clinic reports on the appointment.

    Attributes:
        appointment_number: of the one that is named by the id that the router gave it.
        slot: id of the slot that it takes.
    """

    appointment_number: int | None = None
    start: datetime | None = None
    utc_offset: int | None = None
    end: datetime | None = None
    slot: str | None = None

    def _of_its_kind(self) -> Mapping[str, object]:
        return {
            "appointment": self.appointment_number,
            "start": self.start,
            "utc_offset": self.utc_offset,
            **({"slot": self.slot} if self.slot else {}),
        }


def read_appointment(
    body: bytes, content_type: str | None, at: datetime, appointment_id: str | None = None
) -> AppointmentReport:
    """Read what the clinic reports on the appointment.

    Args:
        body: as it came.
        content_type: the request's header.
        at: when it came.
        appointment_id: the id in the URL of a PUT.

    Raises:
        FhirError: malformed, without time or at an impossible one, or of no referral of ours.
    """
    visit = expect(read_resource(body, content_type), Appointment)
    if appointment_id is not None:
        check_id(visit.id, appointment_id, "Appointment.id")
    named = own_id(appointment_id) if appointment_id else None
    known = named if named and named.part == "v" else None
    own = the_one(visit.based_on, "Appointment.basedOn") or known
    if own is None:
        raise unknown_referral(
            "Appointment.basedOn", "Refer in basedOn to the router's ServiceRequest."
        )
    if visit.status not in _UNTIMED and (visit.start is None or visit.end is None):
        raise FhirError(
            "missing-time",
            "Send start and end of the appointment.",
            expression="Appointment.start" if visit.start is None else "Appointment.end",
            code="required",
            status=400,
        )
    check_times(visit, at)
    return AppointmentReport(
        referral_id=own.referral_id,
        patient=named_patient(visit, _patients(visit)),
        offer_number=offer_of(own),
        kind_class=_APPOINTMENT[visit.status],
        status=visit.status,
        reason=code_of(visit.cancelation_reason),
        appointment_number=known.number if known else None,
        start=instant(visit.start) if visit.start else None,
        utc_offset=offset_of(visit.start) if visit.start else None,
        end=instant(visit.end) if visit.end else None,
        slot=_the_slot(visit.slot),
    )


def _the_slot(references: Sequence[Reference]) -> str | None:
    """Return the slot published here that a visit takes; None where it names none of ours.

    Raises:
        FhirError: it names several, of which the visit could take one.
    """
    named = set(filter(None, map(_slot_named, references)))
    if len(named) > 1:
        raise FhirError(
            "several-slots",
            "Name one slot: a visit takes the one in which it begins.",
            expression="Appointment.slot",
            code="business-rule",
        )
    return next(iter(named), None)


def _slot_named(reference: Reference) -> str | None:
    """Return the id of a slot that was published here, by either way to name it."""
    known = reference.identifier
    is_ours = known is not None and known.system == SLOT
    named = known.value if known and is_ours else (reference.reference or "").rpartition("/")[2]
    # Another one is the clinic's own affair: it may well publish none here.
    return named if named and _SLOT_ID.fullmatch(named) else None


def _patients(visit: Appointment) -> list[Reference]:
    """List the participants that say they are patients: others come to a visit as well."""
    actors = [p.actor for p in visit.participant if p.actor is not None]
    return [a for a in actors if a.reference or (a.type or "").endswith("Patient")]


def unknown_referral(expression: str, diagnostics: str) -> FhirError:
    """Return the error of a resource that names no referral of ours."""
    return FhirError("referral-not-named", diagnostics, expression=expression, code="business-rule")


def the_one(references: Sequence[Reference], expression: str) -> OwnId | None:
    """Return what of ours the references lead to; None where they lead to nothing of ours.

    Raises:
        FhirError: they lead to several referrals, of which all but one would learn nothing.
    """
    if names_several(references):
        raise FhirError(
            "several-referrals",
            "Send it once for each of the router's orders, with only that one in it.",
            expression=expression,
            code="business-rule",
        )
    return referred(references)


def check_id(sent: str | None, wanted: str, expression: str) -> None:
    """Raise unless a body has the id of its URL."""
    if sent != wanted:
        raise FhirError(
            "id-mismatch",
            "Send in the body the id of the URL.",
            expression=expression,
            code="value",
            status=400,
        )


def offer_of(own: OwnId) -> int | None:
    """Return the offer that an id of ours names."""
    return own.number if own.part == "b" else None
