"""Schedules and Slots as FHIR shows them."""

from __future__ import annotations

from collections.abc import Mapping

from referral_core.domain.directory import Practitioner
from referral_core.domain.slots import Slot
from referral_core.fhir.outbound.tasks import practitioner
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import NUCC

_RESERVED = "Reserved for a referral."


def schedule(entry: Practitioner) -> Json:
    """Make the Schedule of an entry of the directory."""
    return {
        "resourceType": "Schedule",
        "id": entry.npi,
        "active": entry.schedule_active,
        "actor": [practitioner(entry.npi, entry.name)],
    }


def slot(known: Slot, holders: Mapping[str, str]) -> Json:
    """Make a Slot: its status is the clinic's own word; what reserves it is said beside.

    Args:
        known: as it is kept.
        holders: id of a slot → who reserves it.
    """
    specialties = [{"coding": [{"system": NUCC, "code": code}]} for code in known.specialties]
    return {
        "resourceType": "Slot",
        "id": known.id,
        "meta": {"versionId": str(known.version)},
        **({"specialty": specialties} if specialties else {}),
        "schedule": {"reference": f"Schedule/{known.id.partition('.')[0]}"},
        "status": known.status.value,
        "start": known.start.isoformat(),
        "end": known.end.isoformat(),
        **({"comment": _RESERVED} if known.id in holders else {}),
    }
