"""Referrals of Synthea's patients: real shapes of data, with the orders that Synthea leaves empty.

Synthea's own ServiceRequests (contained in each patient's last ExplanationOfBenefit, as its
Coverage is) say neither what is asked for nor who is to do it. The order entry of the simulated
EHR completes most of them; that mix over the seven pathways, the member numbers, the order numbers
and the fee classes are this simulation's own, drawn from its seed. The patients, their places,
languages, telephones, problems and the insurance mix are Synthea's, as they are. Some orders stay
as they are, so that the router has to ask. Synthea's last claim of a patient who died is about the
death: an order that is completed was written before it, so only the orders left as they are know
of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from local.inputs import Input

Json = dict[str, Any]
T = TypeVar("T")

NUCC: Final = "http://nucc.org/provider-taxonomy"
SNOMED: Final = "http://snomed.info/sct"
CPT: Final = "http://www.ama-assn.org/go/cpt"
_V2_TABLE: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
_HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_KIND: Final = "https://referral-router.org/fhir/CodeSystem/referral-kind"
_SDOH: Final = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
_ORDERS: Final = "https://ehr.example.org/orders"
_SELF_PAY: Final = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
_CONSENTING: Final = 0.7
_UNINSURED: Final = "no_insurance"
_FILES: Final = ("Patient", "Condition", "Encounter", "ExplanationOfBenefit", "Practitioner")


class DataMissing(Exception):
    """Synthea's files are not where they were said to be."""


@dataclass(frozen=True)
class Wanted:
    """What an order asks for.

    Attributes:
        consent: the share of orders that come with the patient's consent to disclose.
    """

    text: str
    code: tuple[str, str] | None = None
    category: tuple[str, str] | None = None
    performer_type: tuple[str, str] | None = None
    priorities: tuple[str, ...] = ("routine",)
    consent: float = 0.0


def _consultation(text: str, taxonomy: str, *priorities: str) -> Wanted:
    code = (SNOMED, "103696004")
    return Wanted(text, code, None, (NUCC, taxonomy), priorities or ("routine",))


def _therapy(text: str, code: str, taxonomy: str) -> Wanted:
    return Wanted(text, (SNOMED, code), None, (NUCC, taxonomy), consent=_CONSENTING)


def _image(text: str, code: str) -> Wanted:
    return Wanted(text, (CPT, code), (_V2_TABLE, "RAD"))


def _need(text: str, category: str, code: str) -> Wanted:
    return Wanted(text, (SNOMED, code), (_SDOH, category), None, ("routine", "urgent"))


MIX: Final[Sequence[tuple[float, Wanted | None]]] = (
    (9, _consultation("Consultation: dermatology", "207N00000X")),
    (8, _consultation("Consultation: gastroenterology", "207RG0100X")),
    (7, _consultation("Consultation: otolaryngology", "207Y00000X")),
    (6, _consultation("Consultation: orthopaedics", "207X00000X")),
    (5, _consultation("Consultation: neurology", "2084N0400X")),
    (10, _consultation("Consultation: cardiology", "207RC0000X", "asap", "asap", "urgent")),
    (8, _therapy("Psychotherapy", "75516001", "103T00000X")),
    (5, _therapy("Psychiatric evaluation", "10197000", "2084P0800X")),
    (5, _image("MRI of the knee without contrast", "73721")),
    (4, _image("CT of the abdomen and pelvis with contrast", "74177")),
    (7, _image("Radiograph of the chest, two views", "71046")),
    (4, _need("Food assistance", "food-insecurity", "464031000124101")),
    (3, _need("Help with housing", "housing-instability", "464161000124109")),
    (2, _need("Transport to visits", "transportation-insecurity", "464001000124109")),
    (
        6,
        Wanted(
            "Skilled nursing at home",
            (_HCPCS, "T1030"),
            None,
            (NUCC, "251E00000X"),
            ("asap", "routine"),
        ),
    ),
    (
        5,
        Wanted(
            "Second opinion outside the network",
            (SNOMED, "103696004"),
            (_KIND, "external"),
            (NUCC, "207R00000X"),
        ),
    ),
    (6, None),
)
"""Weight and order; None: the order stays as Synthea has it."""


def present(folder: Path) -> bool:
    """Whether the folder holds Synthea's files."""
    return all((folder / f"{name}.ndjson").is_file() for name in _FILES)


def synthea_inputs(folder: Path, seed: str, count: int | None = None) -> list[Input]:
    """Make one Bundle per patient: the claim with its order, the patient, the problems.

    Args:
        folder: with Synthea's NDJSON files.
        seed: decides what the order entry completes.
        count: how many patients; all when None.

    Raises:
        DataMissing: the files are not there.
    """
    if not present(folder):
        raise DataMissing(f"{folder} does not hold Synthea's patients")
    patients = {p["id"]: p for p in _ndjson(folder, "Patient")}
    doctors = {p["id"]: p for p in _ndjson(folder, "Practitioner")}
    problems: dict[str, list[Json]] = defaultdict(list)
    for condition in _ndjson(folder, "Condition"):
        problems[_id(condition["subject"])].append(condition)
    found = []
    for number, claim in enumerate(_ndjson(folder, "ExplanationOfBenefit")):
        if count is not None and number >= count:
            break
        patient = patients[_id(claim["patient"])]
        random = Random(f"{seed}/order/{patient['id']}")  # noqa: S311 - a simulation's own
        bundle = _Entry(random, number).bundle(claim, patient, problems[patient["id"]], doctors)
        found.append(Input(f"synthea-{number:03d}", json.dumps(bundle).encode(), "/fhir"))
    return found


@dataclass(frozen=True)
class _Entry:
    """The order entry of the simulated EHR, at work on one patient's order."""

    random: Random
    number: int

    def bundle(
        self, claim: Json, patient: Json, problems: Sequence[Json], doctors: Mapping[str, Json]
    ) -> Json:
        """Return what the EHR sends."""
        wanted = picked(self.random, MIX)
        order = {**_contained(claim, "ServiceRequest"), "status": "active"}
        coverage = _contained(claim, "Coverage")
        more: list[Json] = []
        if wanted is not None:
            order |= self._completed(wanted, problems)
            coverage = self._coverage(coverage)
            if self.random.random() < wanted.consent:
                more.append(_consent(order))
        claim = {**claim, "contained": [order, coverage, *more]}
        if more:
            order["supportingInfo"] = [{"reference": "#consent"}]
        doctor = doctors.get(_id(order.get("requester", {})))
        if wanted is not None:
            patient = {k: v for k, v in patient.items() if k != "deceasedDateTime"}
        known = [claim, patient, *problems, *([doctor] if doctor else [])]
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in known],
        }

    def _completed(self, wanted: Wanted, problems: Sequence[Json]) -> Json:
        order: Json = {
            "identifier": [{"system": _ORDERS, "value": f"SYN-{self.number:05d}"}],
            "priority": self.random.choice(wanted.priorities),
            "code": {"text": wanted.text, **_coding(wanted.code)},
        }
        if wanted.category:
            order["category"] = [_coding(wanted.category)]
        if wanted.performer_type:
            order["performerType"] = _coding(wanted.performer_type)
            order["performer"] = []
        if problems:
            order["reasonReference"] = [{"reference": f"urn:uuid:{problems[-1]['id']}"}]
        elif self.random.random() < 0.9:  # noqa: PLR2004 - the rest forget to say why
            order["reasonCode"] = [{"text": f"Reason as reported, {wanted.text.lower()}"}]
        return {k: v for k, v in order.items() if v}

    def _coverage(self, coverage: Json) -> Json:
        """Add what the front office knows: the member number, or the class of the fee scale."""
        if coverage["type"]["text"] != _UNINSURED:
            return {**coverage, "subscriberId": f"M{self.random.randrange(10**9):09d}"}
        paid = {**coverage, "type": _coding((_SELF_PAY, "pay"))}
        paid["payor"] = [{"reference": coverage["beneficiary"]["reference"]}]
        fee_class = self.random.choice(["A", "B", "C", "D", None])
        if fee_class is not None:
            paid["class"] = [{"type": _coding((_CLASS, "class")), "value": fee_class}]
        return paid


def picked(random: Random, mix: Sequence[tuple[float, T]]) -> T:
    """Pick one of a weighted mix."""
    weights = [weight for weight, _ in mix]
    return random.choices([what for _, what in mix], weights)[0]


def _consent(order: Json) -> Json:
    return {
        "resourceType": "Consent",
        "id": "consent",
        "status": "active",
        "scope": _coding(("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")),
        "category": [_coding(("http://loinc.org", "59284-0"))],
        "patient": order["subject"],
        "policyRule": _coding(("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN")),
    }


def _coding(coded: tuple[str, str] | None) -> Json:
    return {"coding": [{"system": coded[0], "code": coded[1]}]} if coded else {}


def _contained(claim: Json, kind: str) -> Json:
    return dict(next(r for r in claim["contained"] if r["resourceType"] == kind))


def _id(reference: Mapping[str, Any]) -> str:
    return str(reference.get("reference", "")).removeprefix("urn:uuid:")


def _ndjson(folder: Path, name: str) -> Iterator[Json]:
    with (folder / f"{name}.ndjson").open() as lines:
        yield from map(json.loads, lines)
