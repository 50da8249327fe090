"""What a clinic publishes of its times: Schedules and Slots.

A Schedule is named by the NPI of whose it is, a Slot by that, a point, and a part of the clinic's
own: so both are known without a search, and no two clinicians' slots have one id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from referral_core.domain.slots import SlotStatus, StatedSlot
from referral_core.fhir.dates import instant
from referral_core.fhir.errors import FhirError, IssueCode
from referral_core.fhir.inbound.partner_updates import check_id
from referral_core.fhir.npi_identifiers import npi_of
from referral_core.fhir.parse import Json, read_resource
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.messaging import Bundle, Schedule, Slot
from referral_core.fhir.r4.structure import expect
from referral_core.fhir.systems import NUCC

MOST_AT_ONCE: Final = 200
_ERROR: Final = "entered-in-error"
_ROUTINE: Final = "ROUTINE"
"""The one type of appointment (v2-0276) that a referral is."""
_OWN_PART: Final = 16


class StatedSchedule(NamedTuple):
    """What a clinic states of a Schedule.

    Attributes:
        named: by which ids the directory may know whose slots are published.
        is_active: whether they may be reserved.
    """

    named: Sequence[str]
    is_active: bool


def read_schedule(body: bytes, content_type: str | None, own_id: str | None) -> StatedSchedule:
    """Read whose slots are published from now on, or are not to be reserved any more.

    Raises:
        FhirError: malformed, or of nobody who is named.
    """
    schedule = expect(read_resource(body, content_type), Schedule)
    if own_id is not None:
        check_id(schedule.id, own_id, "Schedule.id")
    named = [one for actor in schedule.actor for one in _names_of(actor)]
    if not named:
        raise _refused(
            "actor-not-named",
            "Name in actor, by NPI, whose slots they are.",
            "Schedule.actor",
            code="required",
        )
    if own_id is not None and own_id not in named:
        raise _refused(
            "schedule-id",
            "Name the Schedule by the NPI of its actor: Schedule/<NPI>.",
            "Schedule.id",
        )
    return StatedSchedule([own_id] if own_id is not None else named, schedule.active is not False)


def _names_of(actor: Reference) -> Iterator[str]:
    if actor.identifier is not None:
        npi = npi_of([actor.identifier])
        if npi is not None:
            yield npi
    if actor.reference:
        yield actor.reference.rpartition("/")[2]


def read_slot(
    body: bytes, content_type: str | None, organization: str, own_id: str | None
) -> tuple[str, StatedSlot]:
    """Read one slot. Returns: whose it is, and what is stated.

    Args:
        body: as it came.
        content_type: the request's header.
        organization: who publishes it.
        own_id: the id in the URL of a PUT.
    """
    slot = expect(read_resource(body, content_type), Slot)
    if own_id is not None:
        check_id(slot.id, own_id, "Slot.id")
    return schedule_of(slot), stated_of(slot, organization, own_id, "Slot")


def read_slots(
    body: bytes, content_type: str | None, organization: str, schedule_id: str
) -> tuple[StatedSlot, ...]:
    """Read the slots of a Bundle, all of one Schedule.

    Raises:
        FhirError: malformed, too many, twice one id, or of another Schedule.
    """
    bundle = expect(read_resource(body, content_type), Bundle)
    if not 0 < len(bundle.entry) <= MOST_AT_ONCE:
        raise _refused(
            "too-many-slots",
            f"Send 1 to {MOST_AT_ONCE} slots a Bundle.",
            "Bundle.entry",
            code="too-long",
        )
    found = [
        _of_bundle(entry.resource or {}, organization, schedule_id, f"Bundle.entry[{n}].resource")
        for n, entry in enumerate(bundle.entry)
    ]
    if len({one.id for one in found}) < len(found):
        raise _refused("slot-twice", "Send each slot once.", "Bundle.entry", code="duplicate")
    return tuple(found)


def _of_bundle(resource: Json, organization: str, schedule_id: str, path: str) -> StatedSlot:
    if resource.get("resourceType") != "Slot":
        raise _refused("no-slot", "Send Slots only.", path)
    slot = expect(resource, Slot)
    if schedule_of(slot) != schedule_id:
        raise _refused("another-schedule", "Send slots of this Schedule only.", f"{path}.schedule")
    return stated_of(slot, organization, slot.id, path)


def schedule_of(slot: Slot) -> str:
    """Return the Schedule that a slot is of."""
    named = next(_names_of(slot.schedule), None)
    if named is None:
        raise _refused(
            "schedule-not-named", "Refer to its Schedule/<NPI>.", "Slot.schedule", code="required"
        )
    return named


def stated_of(slot: Slot, organization: str, own_id: str | None, path: str) -> StatedSlot:
    """Return what a Slot states.

    Raises:
        FhirError: it says more than is understood, and would be reserved for something else.
    """
    schedule_id, start = schedule_of(slot), instant(slot.start)
    if own_id is None:
        # The same time of the same clinic is the same slot, however often it is published.
        same = f"{organization} {start.isoformat()}"
        own_id = f"{schedule_id}.{sha256(same.encode()).hexdigest()[:_OWN_PART]}"
    if own_id.partition(".")[0] != schedule_id or own_id == schedule_id:
        raise _refused(
            "slot-id",
            f"Name it by its Schedule: Slot/{schedule_id}.<your own part>, or POST it.",
            f"{path}.id",
        )
    if slot.service_type or slot.service_category:
        raise _refused(
            "service-type-not-read",
            "Say by a NUCC code in specialty what the slot is for, or leave it out.",
            f"{path}.{'serviceType' if slot.service_type else 'serviceCategory'}",
        )
    codes = tuple(c.code for s in slot.specialty for c in s.coding if c.system == NUCC and c.code)
    if slot.specialty and not codes:
        raise _refused("specialty-not-nucc", "Name specialties by NUCC code.", f"{path}.specialty")
    is_open = slot.status == "free"
    kind = slot.appointment_type
    if is_open and kind is not None and not any(c.code == _ROUTINE for c in kind.coding):
        raise _refused(
            "appointment-type",
            "Publish as free what a new referral may book: of type ROUTINE, or of none.",
            f"{path}.appointmentType",
        )
    if is_open and slot.overbooked:
        raise _refused("overbooked", "What is overbooked is busy.", f"{path}.overbooked")
    status = None if slot.status == _ERROR else SlotStatus(slot.status)
    return StatedSlot(own_id, start, instant(slot.end), status, tuple(dict.fromkeys(codes)))


def _refused(
    own_code: str, diagnostics: str, expression: str, code: IssueCode = "business-rule"
) -> FhirError:
    return FhirError(own_code, diagnostics, expression=expression, code=code)
