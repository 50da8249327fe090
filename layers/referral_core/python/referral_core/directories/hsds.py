"""Open Referral HSDS 3: community resources, one service with its places a line of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from referral_core.directories.rows import Row, clock, day_in, readable, spoken, state
from referral_core.domain.directory_facts import CapacityStatus, Fact, ServiceKind
from referral_core.domain.modality import Modality

SOCIAL_NEEDS: Final = "251B00000X"
"""NUCC: case management, under which the directory lists community resources."""
_ACCEPTING: Final = frozenset({"active"})
_ENDED: Final = frozenset({"defunct", "inactive"})
_DAYS: Final = {
    "MO": "mon",
    "TU": "tue",
    "WE": "wed",
    "TH": "thu",
    "FR": "fri",
    "SA": "sat",
    "SU": "sun",
}
_BYDAY: Final = re.compile(r"MO|TU|WE|TH|FR|SA|SU")
_ID: Final = "hsds:{}:{}"


def read(lines: Iterable[str], specialty: str = SOCIAL_NEEDS) -> Iterator[Row]:
    """Read services line by line: an entry for each place at which a service is given.

    Args:
        lines: each a service in JSON, with its `service_at_locations`.
        specialty: NUCC code under which the directory lists them.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            service = json.loads(line)
        except ValueError:
            yield Row(number, refused="not JSON")
            continue
        if not isinstance(service, dict):
            yield Row(number, refused="not a service")
            continue
        yield from readable(number, partial(_rows, number, service, specialty))


def _rows(line: int, service: Mapping[str, Any], specialty: str) -> Iterator[Row]:
    status = service.get("status")
    if not service.get("id") or not service.get("name"):
        yield Row(line, refused="no id or no name")
    elif status in _ENDED:
        yield Row(line, refused=f"the service is {status}")
    elif not _listed(service, "service_at_locations"):
        yield Row(line, refused="no place at which it is given")
    for at in _listed(service, "service_at_locations") if status not in _ENDED else ():
        if service.get("id") and service.get("name"):
            yield _row(line, service, at, specialty)


def _row(line: int, service: Mapping[str, Any], at: Mapping[str, Any], specialty: str) -> Row:
    location = at.get("location")
    if not isinstance(location, dict) or not location.get("id"):
        return Row(line, refused="a place without id")
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if latitude is None or longitude is None:
        return Row(line, refused="a place without coordinates")
    address = next(iter(_listed(location, "addresses")), {})
    languages = [
        str(one.get("code") or one.get("name") or "") for one in _listed(service, "languages")
    ]
    phones = _listed(service, "phones") or _listed(location, "phones")
    organization = service.get("organization") or {}
    says: dict[str, Any] = {
        "name": service["name"],
        "kind": ServiceKind.COMMUNITY_RESOURCE,
        "organization": f"hsds-{organization.get('id') or service.get('organization_id', '')}",
        "latitude": latitude,
        "longitude": longitude,
        "accepting": service.get("status") in _ACCEPTING,
        "capacity_status": _capacity(service),
        "ages": _ages(service),
        "phone": next((one["number"] for one in phones if one.get("number")), None),
        "modalities": _modalities(location),
        "location": {
            "address": address.get("address_1"),
            "city": address.get("city"),
            "state": state(address.get("state_province")),
            "postal_code": address.get("postal_code"),
            "hours": _hours(_listed(at, "schedules") or _listed(service, "schedules")),
        },
    }
    says |= spoken(languages)
    changed = day_in(service.get("last_modified") or service.get("assured_date"))
    vouched = (Fact.ACCEPTING, Fact.SERVICE, Fact.CONTACT, Fact.LOCATION)
    return Row(line, _ID.format(service["id"], location["id"]), specialty, says, changed, vouched)


def _modalities(location: Mapping[str, Any]) -> tuple[Modality, ...]:
    kind = location.get("location_type")
    return (Modality.PHONE,) if kind == "virtual" else (Modality.IN_PERSON,)


def _ages(service: Mapping[str, Any]) -> Mapping[str, Any]:
    youngest, oldest = service.get("minimum_age"), service.get("maximum_age")
    return {
        "youngest": 0 if youngest is None else int(youngest),
        "oldest": None if oldest is None else int(oldest),
    }


def _capacity(service: Mapping[str, Any]) -> CapacityStatus | None:
    """Return whether people are taken now; None where the service states no capacity."""
    if service.get("status") == "temporarily closed":
        return CapacityStatus.CLOSED
    stated = [one for one in _listed(service, "capacities") if one.get("available") is not None]
    if not stated:
        return None
    available = sum(float(one["available"]) for one in stated)
    return CapacityStatus.OPEN if available > 0 else CapacityStatus.WAITLIST


def _hours(schedules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the weekly hours among some schedules: days as iCalendar names them."""
    return [
        {
            "days": tuple(_DAYS[day] for day in _BYDAY.findall(str(schedule.get("byday") or ""))),
            "opens": clock(schedule.get("opens_at")),
            "closes": clock(schedule.get("closes_at")),
        }
        for schedule in schedules
        if schedule.get("opens_at") or schedule.get("byday")
    ]


def _listed(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = found.get(name)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
