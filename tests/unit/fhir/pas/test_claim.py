"""The request Bundle: what PAS wants, in the order it wants, standing alone."""

from __future__ import annotations

import json
import string
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given
from hypothesis import strategies as st

from local.partners.payer.pas import notification, read_request, response_bundle
from referral_core.domain.orders.clinical_content import Relationship, Subscriber
from referral_core.domain.payers.requests import AuthorizationRequest
from referral_core.domain.terminology import ConsentClass
from referral_core.fhir.pas.claim import claim_bundle
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
SERVICE_TYPES = "https://codesystem.x12.org/005010/1365"

VALIDATOR = Path(__file__).parents[3] / "contracts/validators/validate.js"

Json = dict[str, Any]


def a_claim(**fields: Any) -> Json:
    bundle = claim_bundle(an_authorization_request(**fields), a_payer())
    claim: Json = bundle["entry"][0]["resource"]
    return claim


def test_the_claim_comes_first_in_a_collection() -> None:
    bundle = claim_bundle(an_authorization_request(), a_payer())

    assert bundle["type"] == "collection"
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == [
        "Claim",
        "Organization",
        "Organization",
        "Coverage",
        "Patient",
        "PractitionerRole",
        "Practitioner",
        "ServiceRequest",
    ]
    assert bundle["entry"][0]["resource"]["use"] == "preauthorization"
    for entry in (bundle, *(entry["resource"] for entry in bundle["entry"])):
        assert entry["meta"]["profile"][0].startswith(f"{PAS}/profile-")


def test_it_is_traced_by_our_identifier() -> None:
    assert a_claim()["identifier"] == [{"system": "urn:trnorg:9123456789", "value": "r1-a3"}]


@pytest.mark.parametrize(
    ("relationship", "x12"),
    [("child", "19"), ("spouse", "01"), ("common", "53"), ("parent", "G8"), ("other", "G8")],
)
def test_a_dependents_coverage_names_the_subscriber_and_the_relationship(
    relationship: Relationship, x12: str
) -> None:
    parent = Subscriber(
        family="Parent", given="Pat", birth_date=date(1985, 1, 1), relationship=relationship
    )
    bundle = claim_bundle(an_authorization_request(subscriber=parent), a_payer())
    resources = [entry["resource"] for entry in bundle["entry"]]
    coverage = next(r for r in resources if r["resourceType"] == "Coverage")
    patient, subscriber = [r for r in resources if r["resourceType"] == "Patient"]
    assert [c["code"] for c in coverage["relationship"]["coding"]] == [relationship, x12]
    assert coverage["beneficiary"]["reference"] == f"Patient/{patient['id']}"
    assert coverage["subscriber"]["reference"] == f"Patient/{subscriber['id']}"
    assert (subscriber["name"], subscriber["birthDate"]) == (
        [{"family": "Parent", "given": ["Pat"]}],
        "1985-01-01",
    )
    assert read_request(bundle).trace == "r1-a3"


def test_names_have_the_suffix_that_tells_generations_apart() -> None:
    parent = Subscriber(family="Rivera", given="Ana", suffix="Sr", relationship="child")
    request = an_authorization_request(patient_suffix="Jr", subscriber=parent)
    resources = [e["resource"] for e in claim_bundle(request, a_payer())["entry"]]
    patients = [r for r in resources if r["resourceType"] == "Patient"]
    assert [p["name"][0]["suffix"] for p in patients] == [["Jr"], ["Sr"]]


def test_the_item_says_what_is_asked_and_for_whom() -> None:
    bundle = claim_bundle(an_authorization_request(), a_payer())
    claim = bundle["entry"][0]["resource"]
    (item,) = claim["item"]
    extensions = {e["url"].removeprefix(f"{PAS}/extension-"): e for e in item["extension"]}

    assert _code(extensions["certificationType"]["valueCodeableConcept"]) == "I"
    assert _code(extensions["serviceItemRequestType"]["valueCodeableConcept"]) == "SC"
    requested = _resolve(bundle, extensions["requestedService"]["valueReference"])
    assert requested["resourceType"] == "ServiceRequest"
    assert item["servicedPeriod"] == {"start": "2026-03-02", "end": "2026-05-31"}
    assert claim["insurance"][0]["focal"] is True
    role = _resolve(bundle, claim["careTeam"][0]["provider"])
    assert _resolve(bundle, role["practitioner"])["identifier"][0]["value"] == "1245319599"


@pytest.mark.parametrize(("urgent", "codes"), [(True, ["U"]), (False, [])])
def test_only_an_urgent_request_names_its_level_of_service(
    *, urgent: bool, codes: list[str]
) -> None:
    claim = a_claim(urgent=urgent)

    named = [_code(e["valueCodeableConcept"]) for e in claim.get("extension", [])]
    assert named == codes
    assert _code(claim["priority"]) == ("stat" if urgent else "normal")


def test_a_code_that_pas_does_not_take_goes_beside_a_service_type() -> None:
    assert a_claim()["item"][0]["productOrService"]["coding"] == [
        {"system": SERVICE_TYPES, "code": "3"},
        {"system": SNOMED, "code": "183519002"},
    ]


def test_a_code_that_pas_takes_stands_alone() -> None:
    cpt = {"system": "http://www.ama-assn.org/go/cpt", "code": "99244"}

    claim = a_claim(service_system=cpt["system"], service_code=cpt["code"])

    assert claim["item"][0]["productOrService"]["coding"] == [cpt]


def test_no_code_at_all_is_a_service_type() -> None:
    claim = a_claim(service_system=None, service_code=None, service_type="62")

    assert claim["item"][0]["productOrService"]["coding"] == [
        {"system": SERVICE_TYPES, "code": "62"}
    ]


def test_diagnoses_that_a_claim_may_not_carry_still_reach_the_payer() -> None:
    bundle = claim_bundle(
        an_authorization_request(diagnoses=((SNOMED, "49436004"), (ICD10, "I48.91"))), a_payer()
    )
    claim, service_request = bundle["entry"][0]["resource"], bundle["entry"][-1]["resource"]

    assert [_code(d["diagnosisCodeableConcept"]) for d in claim["diagnosis"]] == ["I48.91"]
    assert claim["item"][0]["diagnosisSequence"] == [1]
    assert [_code(reason) for reason in service_request["reasonCode"]] == ["49436004", "I48.91"]


def test_a_request_sent_twice_is_the_same_bundle() -> None:
    request = an_authorization_request()

    assert claim_bundle(request, a_payer()) == claim_bundle(request, a_payer())


_WORDS = st.text(string.ascii_letters + "áñß,' -", min_size=1, max_size=30).filter(
    lambda text: bool(text.split(",")[0].strip())
)
_REQUESTS = st.builds(
    an_authorization_request,
    trace=st.from_regex(r"[0-9A-Za-z]{1,26}-a[0-9]{1,3}", fullmatch=True),
    created=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    urgent=st.booleans(),
    patient_family=_WORDS,
    patient_given=_WORDS,
    birth_date=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    gender=st.sampled_from(["male", "female", "other", "unknown", None]),
    performer_name=_WORDS,
    provider_organization=_WORDS,
    service_text=_WORDS,
    diagnoses=st.lists(
        st.tuples(st.sampled_from([ICD10, SNOMED]), st.sampled_from(["I48.91", "I10", "1"])),
        max_size=4,
    ).map(tuple),
)


@given(_REQUESTS)
def test_every_request_is_valid_and_a_payer_can_read_and_answer_it(
    request: AuthorizationRequest,
) -> None:
    bundle = claim_bundle(request, a_payer())

    Bundle.model_validate(bundle)
    assert read_request(bundle).trace == request.trace


@pytest.mark.parametrize("action", ["A1", "A2", "A3", "A4", "NA"])
def test_the_simulated_payers_answers_are_valid(action: str) -> None:
    request = read_request(claim_bundle(an_authorization_request(), a_payer()))

    answer = response_bundle(request, action, SENT_AT)

    Bundle.model_validate(answer)
    Bundle.model_validate(notification(answer, 1, SENT_AT))


def test_two_independent_validators_find_nothing_wrong_with_either_sides_bundles() -> None:
    bundle = claim_bundle(an_authorization_request(urgent=True), a_payer())
    plain = an_authorization_request(service_code=None, diagnoses=(), gender=None)
    answers = [
        response_bundle(read_request(bundle), action, SENT_AT)
        for action in ("A1", "A2", "A3", "A4", "NA")
    ]
    resources = [
        bundle,
        claim_bundle(plain, a_payer()),
        *answers,
        notification(answers[0], 1, SENT_AT),
    ]

    run = subprocess.run(
        ["node", str(VALIDATOR)],
        input=json.dumps(resources),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(run.stdout) == [[] for _ in resources]


def test_all_references_resolve_inside_the_bundle() -> None:
    bundle = claim_bundle(an_authorization_request(), a_payer())

    references = list(_references(bundle))

    assert len(references) >= 12
    for reference in references:
        assert _resolve(bundle, {"reference": reference})["resourceType"] in reference


def _resolve(bundle: Json, reference: Json) -> Json:
    (found,) = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["fullUrl"].endswith(f"/fhir/{reference['reference']}")
    ]
    resource: Json = found
    return resource


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if "reference" in value:
            yield value["reference"]
        for item in value.values():
            yield from _references(item)


def _code(concept: Json) -> str:
    code: str = concept["coding"][0]["code"]
    return code


@pytest.mark.parametrize("discloses", list(ConsentClass))
def test_a_request_about_substance_use_says_that_nobody_may_pass_it_on(
    discloses: ConsentClass,
) -> None:
    bundle = claim_bundle(an_authorization_request(discloses=discloses), a_payer())
    codes = [label["code"] for label in bundle["meta"].get("security", ())]
    is_restricted = discloses is ConsentClass.SUBSTANCE_USE
    assert codes == (["R", "42CFRPart2", "NORDSCLCD"] if is_restricted else [])
