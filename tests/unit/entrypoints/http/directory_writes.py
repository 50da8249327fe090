"""What is said of the directory's entries, and who may: a part of `write_table.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from referral_core.domain.directory_facts import CapacityStatus, ServiceKind
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.slots import Slot, SlotStatus, SlotWeek
from tests.in_memory import START, TENANT
from tests.unit.entrypoints.http.parties import EHRS, Parties, Party, Request, offered
from tests.unit.entrypoints.http.write_row import Write

ENTRY: Final = "1999902100"
"""An entry of the clinic that declined, of another specialty; the other tenant has it too."""
PUBLISHED: Final = f"{ENTRY}.published"
"""A slot of the entry's clinic."""
SCHEDULE: Final[dict[str, Any]] = {
    "resourceType": "Schedule",
    "actor": [{"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": ENTRY}}],
}
SLOT: Final[dict[str, Any]] = {
    "resourceType": "Slot",
    "schedule": {"reference": f"Schedule/{ENTRY}"},
    "status": "free",
    "start": (START + timedelta(days=14)).isoformat(),
    "end": (START + timedelta(days=14, minutes=30)).isoformat(),
}
_OWN: Final = frozenset({Party.DECLINED, Party.STAFF, Party.AWAY_STAFF})
_OWN_CLINIC: Final = frozenset({Party.DECLINED})
_OTHERS: Final = frozenset({Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC})


def bundle_of(*slots: dict[str, Any]) -> dict[str, Any]:
    """Return a Bundle that publishes slots."""
    entries = [{"resource": slot} for slot in slots]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def with_slots() -> Parties:
    """The clinics of the entry publish slots, in both tenants; here one is published."""
    parties = offered()
    directory = parties.world.directory
    directory._records = tuple(
        r.but(publishes_slots=True) if getattr(r, "npi", None) == ENTRY else r
        for r in directory._records
    )
    start = START + timedelta(days=21)
    known = Slot(
        id=PUBLISHED,
        organization="clinic-1",
        start=start,
        end=start + timedelta(hours=1),
        status=SlotStatus.FREE,
    )
    at = (TENANT, ENTRY, iso_week(start.date()))
    parties.world.referrals.slot_weeks[at] = SlotWeek(revision=1, slots={known.id: known})
    return parties


def with_a_pantry() -> Parties:
    """The entry is a community resource."""
    parties = offered()
    directory = parties.world.directory
    pantry = {"kind": ServiceKind.COMMUNITY_RESOURCE, "capacity_status": CapacityStatus.OPEN}
    directory._records = tuple(
        r.but(**pantry) if getattr(r, "npi", None) == ENTRY else r for r in directory._records
    )
    return parties


DIRECTORY: Final = (
    Write(
        "PUT /directory/{id}/capacity",
        "a day of leave",
        offered,
        Request(
            "PUT",
            f"/directory/{ENTRY}/capacity",
            {"firstDay": str(START.date()), "lastDay": str(START.date()), "places": 0},
        ),
        {200: _OWN, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "PUT /directory/{id}/status",
        "a pantry is full",
        with_a_pantry,
        Request("PUT", f"/directory/{ENTRY}/status", {"status": "waitlist"}),
        {200: _OWN, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /directory/{id}/dispute",
        "a wrong number",
        offered,
        Request("POST", f"/directory/{ENTRY}/dispute", {"fact": "contact"}),
        {200: _OWN | EHRS, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /directory/{id}/verification",
        "the number is right",
        offered,
        Request("POST", f"/directory/{ENTRY}/verification", {"facts": ["contact"]}),
        {200: {Party.STAFF, Party.AWAY_STAFF}},
        may_touch=False,
    ),
    Write(
        "POST /fhir/Schedule",
        "slots from now on",
        offered,
        Request("POST", "/fhir/Schedule", SCHEDULE),
        {201: _OWN_CLINIC, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "PUT /fhir/Schedule/{id}",
        "slots, by NPI",
        offered,
        Request("PUT", f"/fhir/Schedule/{ENTRY}", {**SCHEDULE, "id": ENTRY}),
        {200: _OWN_CLINIC, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /fhir/Schedule/{id}/$publish",
        "some slots",
        with_slots,
        Request("POST", f"/fhir/Schedule/{ENTRY}/$publish", bundle_of(SLOT)),
        {200: _OWN_CLINIC, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /fhir/Slot",
        "a slot",
        with_slots,
        Request("POST", "/fhir/Slot", SLOT),
        {201: _OWN_CLINIC, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "PUT /fhir/Slot/{id}",
        "a slot of an own name",
        with_slots,
        Request("PUT", f"/fhir/Slot/{ENTRY}.a", {**SLOT, "id": f"{ENTRY}.a"}),
        {201: _OWN_CLINIC, 404: _OTHERS},
        may_touch=False,
    ),
)
