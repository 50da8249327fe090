"""Da Vinci PDEX Plan-Net: a payer's directory, as FHIR R4.

An entry is a PractitionerRole, known by the NPI of its practitioner, or a HealthcareService, known
by its own id: a facility's NPI names the organization, not the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from referral_core.directories.resource_shelf import Resource, ResourceShelf
from referral_core.directories.rows import (
    Assumed,
    Place,
    Places,
    Row,
    clock,
    day_in,
    imaging,
    readable,
    spoken,
    state,
)
from referral_core.domain.directory_facts import Fact, ServiceKind
from referral_core.domain.modality import Modality
from referral_core.domain.npi import is_npi

ENTRIES: Final = ("PractitionerRole", "HealthcareService")
_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_NUCC: Final = "http://nucc.org/provider-taxonomy"
_STATES: Final = "https://www.usps.com/"
_PROFILE: Final = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/{}"
_NEW_PATIENTS, _NETWORK, _DELIVERY = (
    _PROFILE.format(name) for name in ("newpatients", "network-reference", "delivery-method")
)
_MODALITIES: Final = {"physical": Modality.IN_PERSON, "virtual": Modality.VIDEO}


def read(shelf: ResourceShelf, places: Places, assumed: Assumed) -> Iterator[Row]:
    """Read the entries of a shelf: roles, then services, each in the order of their ids.

    Args:
        shelf: has all resources of the directory.
        places: returns where a postal code lies, for locations without a position.
        assumed: says which payer of ours an insurer of the directory is.
    """
    line = 0
    for kind in ENTRIES:
        for resource in shelf.of_type(kind):
            line += 1
            yield from readable(line, partial(_rows, line, resource, shelf, places, assumed))


def _rows(
    line: int, resource: Resource, shelf: ResourceShelf, places: Places, assumed: Assumed
) -> Iterator[Row]:
    """Yield an entry for each specialty, none of which is the first, or why there is none."""
    is_role = resource["resourceType"] == "PractitionerRole"
    practitioner = shelf.get(resource.get("practitioner")) if is_role else {}
    location = _located(resource, shelf)
    place = _place(location, places)
    codes = _codes(resource.get("specialty", ()), _NUCC)
    npi = _npi(practitioner) if is_role else f"plan-net:{resource['id']}"
    refusals = {
        "not active": resource.get("active") is False,
        "no practitioner": is_role and not practitioner,
        "not an NPI: its check digit is wrong": is_role and not is_npi(npi),
        "no NUCC specialty": not codes,
        "no location": not location,
        "no place is known for the location": place is None,
    }
    refused = next((why for why, is_so in refusals.items() if is_so), None)
    if refused is not None or place is None:
        yield Row(line, refused=refused)
        return
    says = {
        **_who(resource, practitioner, shelf),
        **imaging(codes),
        "memberships": _memberships(resource, shelf, assumed),
        "latitude": place[0],
        "longitude": place[1],
        "location": {**_address(location), "hours": _hours(resource, location)},
        "modalities": _modalities(resource),
        **_accepts(resource, location),
    }
    vouched = [Fact.SERVICE, Fact.LOCATION, Fact.NETWORK]
    if "accepting" in says:
        vouched.append(Fact.ACCEPTING)
    updated = day_in(resource.get("meta", {}).get("lastUpdated"))
    yield from (Row(line, npi, code, says, updated, vouched) for code in codes)


def _who(resource: Resource, practitioner: Resource, shelf: ResourceShelf) -> dict[str, Any]:
    given_by = resource.get("organization") or resource.get("providedBy")
    organization = shelf.get(given_by)
    if not practitioner:
        name = resource.get("name") or organization.get("name") or resource["id"]
        return {
            "name": name,
            "kind": ServiceKind.FACILITY,
            "organization": organization.get("id") or f"plan-net-{resource['id']}",
        }
    names = practitioner.get("name") or [{}]
    parts = (*names[0].get("given", ()), names[0].get("family", ""))
    who: dict[str, Any] = {
        "name": names[0].get("text") or " ".join(parts),
        "kind": ServiceKind.CLINICIAN,
        "organization": organization.get("id") or f"npi-{_npi(practitioner)}",
        "licence_states": _licence_states(practitioner),
    }
    return {**who, **spoken(_languages(practitioner))}


def _languages(practitioner: Resource) -> Iterator[str]:
    for concept in practitioner.get("communication", ()):
        codes = [c["code"] for c in concept.get("coding", ()) if c.get("code")]
        yield from codes or [concept.get("text", "")]


def _npi(practitioner: Resource) -> str:
    numbers = (i for i in practitioner.get("identifier", ()) if i.get("system") == _NPI)
    return next((str(number.get("value", "")) for number in numbers), "")


def _codes(concepts: Iterable[Mapping[str, Any]], system: str) -> list[str]:
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    found = (c.get("code") for c in codings if c.get("system") == system)
    return list(dict.fromkeys(code for code in found if code))


def _located(resource: Resource, shelf: ResourceShelf) -> Resource:
    locations = (shelf.get(reference) for reference in resource.get("location", ()))
    return next((location for location in locations if location), {})


def _place(location: Resource, places: Places) -> Place | None:
    position = location.get("position")
    if position is not None:
        return float(position["latitude"]), float(position["longitude"])
    return places(str(location.get("address", {}).get("postalCode", ""))[:5])


def _address(location: Resource) -> dict[str, Any]:
    address = location.get("address", {})
    return {
        "address": ", ".join(address.get("line", ())) or None,
        "city": address.get("city"),
        "state": state(address.get("state")),
        "postal_code": address.get("postalCode"),
    }


def _hours(resource: Resource, location: Resource) -> list[dict[str, Any]]:
    """Return when the entry itself sees people; where it does not say, when its place is open."""
    own = resource.get("availableTime", ())
    return [
        {
            "days": tuple(hours.get("daysOfWeek", ())),
            "opens": clock(hours.get("availableStartTime") or hours.get("openingTime")),
            "closes": clock(hours.get("availableEndTime") or hours.get("closingTime")),
        }
        for hours in own or location.get("hoursOfOperation", ())
    ]


def _extensions(resource: Resource, url: str) -> Iterator[Mapping[str, Any]]:
    return (e for e in resource.get("extension", ()) if e.get("url") == url)


def _memberships(
    resource: Resource, shelf: ResourceShelf, assumed: Assumed
) -> list[dict[str, Any]]:
    """Return the plans of whose networks an entry is: its own, or those of its affiliations."""
    own = [e["valueReference"]["reference"] for e in _extensions(resource, _NETWORK)]
    reference = f"{resource['resourceType']}/{resource['id']}"
    found: list[dict[str, Any]] = []
    for network in dict.fromkeys((*own, *shelf.networks_of(reference))):
        for plan in shelf.networks_of(network):
            owner = str(shelf.get(plan).get("ownedBy", {}).get("reference", ""))
            insurer = owner.partition("/")[2]
            payer = assumed.payers.get(insurer, insurer)
            found.append({"payer": payer, "plan": plan.partition("/")[2]})
    return found


def _accepts(*resources: Resource) -> dict[str, bool]:
    """Return whether new patients are taken, where the entry or its location says it."""
    for resource in resources:
        said: Sequence[str] = [
            coding.get("code", "")
            for extension in _extensions(resource, _NEW_PATIENTS)
            for part in extension.get("extension", ())
            if part.get("url") == "acceptingPatients"
            for coding in part.get("valueCodeableConcept", {}).get("coding", ())
        ]
        if said:
            return {"accepting": any(code in {"newpt", "famonly"} for code in said)}
    return {}


def _modalities(resource: Resource) -> tuple[Modality, ...]:
    codes = {
        coding.get("code")
        for extension in _extensions(resource, _DELIVERY)
        for part in extension.get("extension", ())
        if part.get("url") == "type"
        for coding in part.get("valueCodeableConcept", {}).get("coding", ())
    }
    return tuple(m for code, m in _MODALITIES.items() if code in codes) or (Modality.IN_PERSON,)


def _licence_states(practitioner: Resource) -> tuple[str, ...]:
    parts = (
        part
        for qualification in practitioner.get("qualification", ())
        for extension in qualification.get("extension", ())
        for part in extension.get("extension", ())
        if part.get("url") == "whereValid"
    )
    concepts = [part.get("valueCodeableConcept", {}) for part in parts]
    return tuple(sorted(set(_codes(concepts, _STATES))))
