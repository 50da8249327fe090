"""How an EHR completes its own order: with what was missing, synthetic and at random."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Final

from local.partners.fhir_endpoint import Json

_FAMILIES: Final = ("Abernathy", "Bexley", "Castellane", "Dunmore", "Esterhazy", "Farrow")
_GIVEN: Final = ("Ada", "Bruno", "Celia", "Dario", "Edith", "Felix")
_STREETS: Final = ("Quarry Road", "Mill Street", "Harbor Lane", "Elm Court")
_PAYER: Final = {
    "display": "Harbor Health Plan",
    "identifier": {"system": "urn:oid:2.16.840.1.113883.6.300", "value": "99101"},
}
_SPECIALIST: Final = {
    "coding": [
        {
            "system": "http://snomed.info/sct",
            "code": "103696004",
            "display": "Patient referral to specialist",
        }
    ]
}
_HYPERTENSION: Final = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/sid/icd-10-cm",
            "code": "I10",
            "display": "Essential (primary) hypertension",
        }
    ]
}
_INTERNIST: Final = {
    "coding": [
        {
            "system": "http://nucc.org/provider-taxonomy",
            "code": "207R00000X",
            "display": "Internal Medicine Physician",
        }
    ]
}


def completed(order: Json, missing: Iterable[str], random: Random, posted: Any = None) -> Json:
    """Return a new version of an order with what the router says is missing.

    Args:
        order: as it stands with the router.
        missing: names of facts; those that an EHR cannot supply are left out.
        random: where the values come from.
        posted: what the EHR posted: what the order refers to and does not contain is there.
    """
    draft = _Draft(copy.deepcopy(order), random, posted)
    for fact in missing:
        supply = _SUPPLIES.get(fact)
        if supply is not None:
            supply(draft)
    return draft.order


class _Draft:
    """An order on the EHR's desk."""

    def __init__(self, order: Json, random: Random, posted: Any) -> None:
        self.order = order
        self.random = random
        self._posted = posted

    @property
    def patient(self) -> Json:
        """The patient, inside the order."""
        subject = self.order.get("subject") or {}
        named = {"identifier": [subject["identifier"]]} if "identifier" in subject else {}
        patient = self._inside(subject, "Patient", named)
        self.order["subject"] = {"reference": f"#{patient['id']}"}
        return patient

    @property
    def coverage(self) -> Json:
        """The coverage, inside the order."""
        known = (self.order.get("insurance") or [{}])[0]
        empty = {"status": "active", "beneficiary": {"reference": f"#{self.patient['id']}"}}
        coverage = self._inside(known, "Coverage", {**empty, "payor": [_PAYER]})
        self.order["insurance"] = [{"reference": f"#{coverage['id']}"}]
        return coverage

    def _inside(self, reference: Mapping[str, Any], kind: str, empty: Json) -> Json:
        """Return what a reference leads to, as a contained resource; a new one if to nothing."""
        contained: list[Json] = self.order.setdefault("contained", [])
        wanted = str(reference.get("reference") or "")
        for resource in contained:
            if wanted == f"#{resource.get('id')}":
                return resource
        known = _find(self._posted, kind, wanted) or empty
        resource = {**copy.deepcopy(known), "resourceType": kind, "id": kind.lower()}
        contained.append(resource)
        return resource


def _find(posted: Any, kind: str, reference: str) -> Json | None:
    """Find a resource in what was posted, by the end of its URL."""
    if isinstance(posted, list):
        return next((f for item in posted if (f := _find(item, kind, reference))), None)
    if not isinstance(posted, dict):
        return None
    known = str(posted.get("id") or "")
    if posted.get("resourceType") == kind and known and reference.endswith(known):
        return posted
    return next((f for v in posted.values() if (f := _find(v, kind, reference))), None)


def _telecom(draft: _Draft, system: str, value: str, use: str) -> None:
    kept = [t for t in draft.patient.get("telecom", []) if t.get("system") != system]
    draft.patient["telecom"] = [*kept, {"system": system, "value": value, "use": use}]


def _phone(draft: _Draft) -> None:
    # Numbers from 555-0100 to 555-0199 belong to nobody.
    _telecom(draft, "phone", f"+1508555{draft.random.randint(100, 199):04d}", "mobile")


def _name(draft: _Draft) -> None:
    known = (draft.patient.get("name") or [{}])[0]
    family = known.get("family") or draft.random.choice(_FAMILIES)
    given = known.get("given") or [draft.random.choice(_GIVEN)]
    draft.patient["name"] = [{**known, "use": "official", "family": family, "given": given}]


def _birth_date(draft: _Draft) -> None:
    random = draft.random
    day = f"{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    draft.patient["birthDate"] = f"{random.randint(1936, 2004)}-{day}"


def _address(draft: _Draft) -> None:
    line = f"{draft.random.randint(1, 120)} {draft.random.choice(_STREETS)}"
    known = (draft.patient.get("address") or [{"city": "Worcester", "state": "MA"}])[0]
    draft.patient["address"] = [{**known, "use": "home", "line": [line]}]


def _email(draft: _Draft) -> None:
    number = draft.random.randint(1000, 9999)
    _telecom(draft, "email", f"patient{number}@example.org", "home")


def _gender(draft: _Draft) -> None:
    draft.patient["gender"] = draft.random.choice(("female", "male"))


def _member_id(draft: _Draft) -> None:
    draft.coverage["subscriberId"] = f"HHP{draft.random.randint(10**7, 10**8 - 1)}"


def _payor(draft: _Draft) -> None:
    draft.coverage["payor"] = [_PAYER]


def _service(draft: _Draft) -> None:
    draft.order.setdefault("code", _SPECIALIST)
    draft.order.setdefault("performerType", _INTERNIST)


def _reason(draft: _Draft) -> None:
    draft.order["reasonCode"] = [_HYPERTENSION]


_SUPPLIES: Final[Mapping[str, Callable[[_Draft], None]]] = {
    "patient.family": _name,
    "patient.given": _name,
    "patient.birth_date": _birth_date,
    "patient.phone": _phone,
    "patient.email": _email,
    "patient.gender": _gender,
    "patient.address_lines": _address,
    "coverage.member_id": _member_id,
    "coverage.payor": _payor,
    "service": _service,
    "reason": _reason,
}
