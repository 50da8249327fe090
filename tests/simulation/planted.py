"""The samples with a canary of every kind in each: values that hold nothing else in the world.

Unlike a mark beside a word, a planted value is as good as the one it replaces: a number can be
dialled, a member found, a day of birth read. So the planted referrals go as far as the samples do.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local.inputs import Input

Json = dict[str, Any]
_FIRST_AREA_CODE: Final = 508
_FIRST_NUMBER: Final = 120
"""Those before it are the router's, the practice's and the clinics' own."""


class Planted:
    """Some inputs with canaries in them.

    Attributes:
        inputs: the inputs, each with canaries of its own.
        canaries: kind → the values planted, in every form in which they may be written.
    """

    def __init__(self, samples: Sequence[Input]) -> None:
        """Plant into each sample what its position numbers."""
        self.canaries: dict[str, list[str]] = defaultdict(list)
        self.inputs = [self._planted(sample, n) for n, sample in enumerate(samples)]

    def _planted(self, sample: Input, number: int) -> Input:
        body = json.loads(sample.body)
        for resource in list(_resources(body)):
            plant = _PLANTS.get(resource["resourceType"])
            for kind, forms in plant(resource, number) if plant else ():
                self.canaries[kind] += forms
        return Input(sample.source, json.dumps(body).encode(), sample.path)


def _patient(patient: Json, n: int) -> Iterator[tuple[str, list[str]]]:
    family, given = f"Zyxwell{n:03}", f"Quillon{n:03}"
    patient["name"] = [{"use": "official", "family": family, "given": [given]}]
    yield "family names", [family]
    yield "given names", [given]
    year = str(patient["birthDate"])[:4]
    month, day = 1 + n % 12, 1 + n % 28
    patient["birthDate"] = f"{year}-{month:02}-{day:02}"
    yield "days of birth", [patient["birthDate"], f"{year}{month:02}{day:02}"]
    yield from _numbers(patient, n)
    email = f"canary{n:03}@mail.example.org"
    patient.setdefault("telecom", []).append({"system": "email", "value": email})
    yield "emails", [email]
    patient["contact"] = [
        {"name": {"text": f"Aunt Ferrobel{n:03}"}, "telecom": [_phone(n, "mobile", of=1)]}
    ]
    yield "names of others", [f"Ferrobel{n:03}"]
    yield "numbers of others", _forms(n, of=1)
    for address in patient.get("address", []):
        address["line"] = [f"{9100 + n} Vexley Terrace"]
        yield "addresses", [f"{9100 + n} Vexley Terrace"]


def _numbers(patient: Json, n: int) -> Iterator[tuple[str, list[str]]]:
    """Plant a record's number, a social security number and a telephone where there was one."""
    record = f"MRX-{70_000 + n}"
    ssn = f"987-65-{4_000 + n}"
    patient["identifier"] = [
        {**patient["identifier"][0], "value": record},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": ssn},
    ]
    yield "record numbers", [record]
    yield "social security numbers", [ssn, ssn.replace("-", "")]
    points = patient.get("telecom", [])
    phones = [p for p in points if p["system"] == "phone"]
    if phones:
        phones[0].update(_phone(n, phones[0].get("use", "mobile")))
        yield "telephones", _forms(n)


def _coverage(coverage: Json, n: int) -> Iterator[tuple[str, list[str]]]:
    member = f"MEMB{880_000 + n}"
    if "subscriberId" in coverage:
        coverage["subscriberId"] = member
        yield "member ids", [member]
    for identifier in coverage.get("identifier", []):
        identifier["value"] = member


def _condition(condition: Json, n: int) -> Iterator[tuple[str, list[str]]]:
    text = f"Marbled tremolite{n:03} of the wrist"
    condition["code"]["text"] = text
    condition["note"] = [{"text": f"Since the Orlewick{n:03} accident."}]
    yield "diagnoses in words", [text, f"tremolite{n:03}"]
    yield "notes on diagnoses", [f"Orlewick{n:03}"]


def _order(order: Json, n: int) -> Iterator[tuple[str, list[str]]]:
    order.setdefault("note", []).append({"text": f"Lives with Brantholm{n:03}."})
    order["patientInstruction"] = f"Bring the Caldrix{n:03} letter."
    order.setdefault("orderDetail", []).append({"text": f"Ask about Dunmorrow{n:03}."})
    order.setdefault("extension", []).append(
        {"url": "https://ehr.example.org/remark", "valueString": f"Works at Ellswyne{n:03}."}
    )
    for kind, word in (
        ("notes", "Brantholm"),
        ("instructions", "Caldrix"),
        ("order details", "Dunmorrow"),
        ("extensions", "Ellswyne"),
    ):
        yield kind, [f"{word}{n:03}"]
    if "contained" not in order:
        return
    order["contained"].append(_letter(n))
    order.setdefault("supportingInfo", []).append({"reference": "#planted"})
    yield "file names", [f"Fenwycke{n:03}.txt"]
    yield "descriptions", [f"Garrowby{n:03}"]
    yield "attachments", [f"Hallimore{n:03}", _letters_content(n)]


def _letter(n: int) -> Json:
    content = _letters_content(n)
    return {
        "resourceType": "DocumentReference",
        "id": "planted",
        "status": "current",
        "subject": {"reference": "#patient"},
        "description": f"Letter of Garrowby{n:03}",
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain",
                    "title": f"Fenwycke{n:03}.txt",
                    "data": content,
                }
            }
        ],
    }


def _letters_content(n: int) -> str:
    return base64.b64encode(f"Seen by Hallimore{n:03} in May.".encode()).decode()


def _phone(n: int, use: str, *, of: int = 0) -> Json:
    return {"system": "phone", "value": _forms(n, of=of)[0], "use": use}


def _forms(n: int, *, of: int = 0) -> list[str]:
    """Return a number that nobody has, as people write it and as it is dialled."""
    area = _FIRST_AREA_CODE if of == 0 else 617
    last = f"{_FIRST_NUMBER + n:04}"
    return [f"({area}) 555-{last}", f"{area}555{last}", f"+1{area}555{last}"]


def _resources(value: Any) -> Iterator[Json]:
    members: Sequence[Any] = ()
    if isinstance(value, list):
        members = value
    elif isinstance(value, dict):
        if "resourceType" in value:
            yield value
        members = list(value.values())
    for member in members:
        yield from _resources(member)


_PLANTS: Final[Mapping[str, Any]] = {
    "Patient": _patient,
    "Coverage": _coverage,
    "Condition": _condition,
    "ServiceRequest": _order,
}
