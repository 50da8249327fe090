"""What partners send about a referral under way, each reduced to what it tells the referral.

`kind` is None when the word only informs: the referral goes on as it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from referral_core.domain.model import Record, ReferralId
from referral_core.domain.updates import UpdateKind
from referral_core.fhir.body import read_resource
from referral_core.fhir.datatypes import CodeableConcept
from referral_core.fhir.dates import instant
from referral_core.fhir.errors import FhirError
from referral_core.fhir.exchanges import Appointment, Communication
from referral_core.fhir.ids import OwnId, own_id, referred
from referral_core.fhir.requests import Task
from referral_core.fhir.structure import expect

_COORDINATION: Final[Mapping[str, UpdateKind]] = {
    "cancelled": UpdateKind.CANCEL,
    "failed": UpdateKind.CANCEL,
    "entered-in-error": UpdateKind.ENTERED_IN_ERROR,
}
_OFFER: Final[Mapping[str, UpdateKind | None]] = {
    "received": None,
    "accepted": UpdateKind.OFFER_ACCEPTED,
    "rejected": UpdateKind.OFFER_DECLINED,
    "ready": None,
    "cancelled": UpdateKind.OFFER_DECLINED,
    "in-progress": None,
    "on-hold": None,
    "failed": UpdateKind.OFFER_DECLINED,
    "completed": UpdateKind.SERVICE_ATTESTED,
}
_ENDS: Final[Mapping[str, UpdateKind]] = {
    "care-received-elsewhere": UpdateKind.CARE_ELSEWHERE,
    "deceased": UpdateKind.PATIENT_GONE,
    "moved": UpdateKind.PATIENT_GONE,
}
"""Why an EHR ends a referral, by the code of statusReason; any other is a cancellation."""
_VISIT: Final[Mapping[str, UpdateKind | None]] = {
    "proposed": None,
    "pending": None,
    "booked": UpdateKind.APPOINTMENT_BOOKED,
    "arrived": None,
    "fulfilled": UpdateKind.VISIT_ATTENDED,
    "cancelled": UpdateKind.APPOINTMENT_CANCELLED,
    "noshow": UpdateKind.PATIENT_NO_SHOW,
    "entered-in-error": UpdateKind.APPOINTMENT_CANCELLED,
    "checked-in": None,
    "waitlist": None,
}
_UNTIMED: Final = frozenset({"proposed", "cancelled", "waitlist"})
"""The statuses in which FHIR lets an Appointment have no time (invariant app-3)."""


class PartnerUpdate(Record):
    """What every word from a partner has.

    Attributes:
        offer_number: the offer (Task B) that it names, if it names one.
        kind: what it tells the referral; None when it only informs.
        status: the resource's own status.
    """

    referral_id: ReferralId
    offer_number: int | None = None
    kind: UpdateKind | None
    status: str


class TaskUpdate(PartnerUpdate):
    """The clinic's answer to an offer (Task B), or the EHR's cancellation (Task A).

    Attributes:
        reason_code: `system|code` or code, free of PHI.
        reason_text: the partner's own words: PHI may be in them.
    """

    task: Literal["a", "b"]
    reason_code: str | None = None
    reason_text: str | None = None


class AppointmentUpdate(PartnerUpdate):
    """What the clinic says of the visit."""

    appointment_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    reason_code: str | None = None


class Acknowledgement(PartnerUpdate):
    """The EHR's word that the referring provider has the notice."""

    notice_number: int | None = None
    received_at: datetime | None = None


def read_task_update(body: bytes, content_type: str | None, task_id: str) -> TaskUpdate:
    """Read the new version of a Task of ours that a partner PUTs.

    Raises:
        FhirError: malformed, another id, or a status that a partner may not set.
    """
    task = expect(read_resource(body, content_type), Task)
    own = own_id(task_id)
    if own is None or own.part not in {"a", "b"}:
        raise unknown_referral(
            "Task.id", "Update a Task that the router made, by the id it has there."
        )
    _check_id(task.id, task_id, "Task.id")
    kinds: Mapping[str, UpdateKind | None] = _COORDINATION if own.part == "a" else _OFFER
    if task.status not in kinds:
        raise FhirError(
            "task-status-not-accepted",
            f"Set this Task's status to one of {', '.join(kinds)}.",
            expression="Task.status",
            code="business-rule",
        )
    reason, kind = _code(task.status_reason), kinds[task.status]
    if kind is UpdateKind.CANCEL:
        kind = _ENDS.get((reason or "").rpartition("|")[2], kind)
    return TaskUpdate(
        referral_id=own.referral_id,
        offer_number=own.number,
        kind=kind,
        status=task.status,
        task="a" if own.part == "a" else "b",
        reason_code=reason,
        reason_text=task.status_reason.text if task.status_reason else None,
    )


def read_appointment(
    body: bytes, content_type: str | None, appointment_id: str | None = None
) -> AppointmentUpdate:
    """Read what the clinic says of the visit.

    Args:
        body: as it came.
        content_type: the request's header.
        appointment_id: the id in the URL of a PUT.

    Raises:
        FhirError: malformed, without time, or of no referral of ours.
    """
    visit = expect(read_resource(body, content_type), Appointment)
    if appointment_id is not None:
        _check_id(visit.id, appointment_id, "Appointment.id")
    named = own_id(appointment_id) if appointment_id else None
    own = referred(visit.based_on) or (named if named and named.part == "v" else None)
    if own is None:
        raise unknown_referral(
            "Appointment.basedOn", "Refer in basedOn to the router's ServiceRequest."
        )
    if visit.status not in _UNTIMED and (visit.start is None or visit.end is None):
        raise FhirError(
            "missing-time",
            "Send start and end of the visit.",
            expression="Appointment.start" if visit.start is None else "Appointment.end",
            code="required",
            status=400,
        )
    return AppointmentUpdate(
        referral_id=own.referral_id,
        offer_number=offer_of(own),
        kind=_VISIT[visit.status],
        status=visit.status,
        appointment_id=visit.id,
        start=instant(visit.start) if visit.start else None,
        end=instant(visit.end) if visit.end else None,
        reason_code=_code(visit.cancelation_reason),
    )


def read_acknowledgement(body: bytes, content_type: str | None) -> Acknowledgement:
    """Read the EHR's answer to a notice.

    Raises:
        FhirError: malformed, or of no referral of ours.
    """
    word = expect(read_resource(body, content_type), Communication)
    own = referred((*word.in_response_to, *word.based_on, *word.about))
    if own is None:
        raise unknown_referral(
            "Communication.inResponseTo", "Refer in inResponseTo to the router's Communication."
        )
    at = word.received or word.sent
    return Acknowledgement(
        referral_id=own.referral_id,
        kind=UpdateKind.NOTICE_ACKNOWLEDGED if word.status == "completed" else None,
        status=word.status,
        notice_number=own.number if own.part == "n" else None,
        received_at=instant(at) if at else None,
    )


def unknown_referral(expression: str, diagnostics: str) -> FhirError:
    """Return the error of a resource that names no referral of ours."""
    return FhirError("referral-not-named", diagnostics, expression=expression, code="business-rule")


def _check_id(sent: str | None, wanted: str, expression: str) -> None:
    if sent != wanted:
        raise FhirError(
            "id-mismatch",
            "Send in the body the id of the URL.",
            expression=expression,
            code="value",
            status=400,
        )


def _code(concept: CodeableConcept | None) -> str | None:
    return next((c.token for c in concept.coding if c.token), None) if concept else None


def offer_of(own: OwnId) -> int | None:
    """Return the offer that an id of ours names."""
    return own.number if own.part == "b" else None
