"""Input written by others: each referral accepted is followed to an outcome or a worklist."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from local.follow import Followed, Follower
from local.inputs import Input, inputs
from local.seed import SECRET, TENANT, put
from local.stack import ROOT, Stack
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.directory import Payer
from tests.end_to_end.orders import DERMATOLOGY, placer_of
from tests.end_to_end.partner_scripts import scripted
from tests.end_to_end.records import Records

Json = dict[str, Any]
DATA: Final = ROOT.parent / "shared/data"
SYNTHEA: Final = DATA / "synthea-ma-2019-fhir"
PATIENTS: Final = 20
INSURED: Final = ("private", "medicare", "medicaid")

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is not there: real input is not part of the project"
)


# --- Synthea: the referral and the coverage are inside an ExplanationOfBenefit -----------------


def ndjson(name: str) -> Iterator[Json]:
    with (SYNTHEA / name).open() as lines:
        yield from map(json.loads, lines)


def contained(explanation: Json, kind: str) -> Json:
    (found,) = (r for r in explanation["contained"] if r["resourceType"] == kind)
    return dict(found)


def with_what_an_ehr_knows(explanation: Json, number: int) -> Json:
    """Complete a claim's order: the service that was billed, an order number, a member id."""
    service = explanation["item"][0]["productOrService"]
    order = contained(explanation, "ServiceRequest")
    order |= {
        "code": service,
        "performerType": DERMATOLOGY,
        "identifier": [placer_of(scripted("brisk", 20 + number))],
    }
    coverage = contained(explanation, "Coverage")
    coverage["subscriberId"] = f"SYN{number:05d}"
    return {**explanation, "contained": [order, coverage]}


def made_active(explanation: Json) -> Json:
    """Ask again for what was done long ago."""
    order, coverage = contained(explanation, "ServiceRequest"), contained(explanation, "Coverage")
    return {**explanation, "contained": [{**order, "status": "active"}, coverage]}


def synthea_inputs() -> Iterator[Input]:
    """Make a collection Bundle per patient; every other one lacks what Synthea does not know."""
    patients = {patient["id"]: patient for patient in ndjson("Patient.ndjson")}
    for number, explanation in enumerate(islice(ndjson("ExplanationOfBenefit.ndjson"), PATIENTS)):
        asked = made_active(explanation)
        if number % 2 == 0:
            asked = with_what_an_ehr_knows(asked, number)
        patient = patients[explanation["patient"]["reference"].removeprefix("urn:uuid:")]
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
                for resource in (asked, patient)
            ],
        }
        yield Input(f"synthea-{number:02d}", json.dumps(bundle).encode(), "/fhir")


@pytest.fixture(scope="session")
def synthea(stack: Stack) -> Sequence[Followed]:
    for name in INSURED:
        payer = Payer(
            tenant=TENANT,
            id=name,
            name=name.capitalize(),
            x12_id=name.upper(),
            aliases=(name,),
            eligibility_url=f"{stack.partners_url}/payer/eligibility",
            authorization_url=f"{stack.partners_url}/payer/fhir",
            secret=SECRET,
        )
        put(stack.emulator, stack.deployment, config_item(payer))
    return Follower(stack).post(list(synthea_inputs()))


def test_each_synthea_patient_has_one_referral(synthea: Sequence[Followed]) -> None:
    assert [f.source for f in synthea] == [f"synthea-{number:02d}" for number in range(PATIENTS)]
    assert {f.http_status for f in synthea} == {200}
    assert len({f.referral.id for f in synthea if f.referral}) == PATIENTS


@pytest.mark.waits
def test_each_synthea_referral_is_followed_to_the_end(
    synthea: Sequence[Followed], records: Records
) -> None:
    ends = {f.source: records.ended(f.referral.id) for f in synthea if f.referral}
    assert len(ends) == PATIENTS
    for number, (source, ended) in enumerate(sorted(ends.items())):
        records.has_kept_the_rules(ended.id)
        if number % 2:
            assert ended.work_item is not None, source
            assert ended.missing, "what the pathway requires and Synthea does not know"
        else:
            assert ended.is_closed or ended.work_item is not None, source
    closed = [ended for ended in ends.values() if ended.loop_closed]
    assert len(closed) >= PATIENTS // 4, "most of the complete ones go all the way"


# --- implementation guides -----------------------------------------------------------------------

REFERRALS: Final = (
    "davinci-pas-2.2.1/Bundle-ReferralAuthorizationBundleExample",
    "davinci-pas-2.0.1/Bundle-ReferralAuthorizationBundleExample",
    "davinci-pas-2.2.1/ServiceRequest-ReferralRequestExample",
    "sdohcc-gravity/ServiceRequest-SDOHCC-ServiceRequestActiveFoodPantryApplicationAssistExample",
    "us-core-7.0.0/ServiceRequest-rehab",
)
NO_REFERRALS: Final = (
    "sdohcc-gravity/ServiceRequest-SDOHCC-ServiceRequestSubreferralGardenProgramExample",
    "davinci-pas-2.2.1/Claim-HomecareAuthorizationExample",
)


def the_input(name: str) -> Input:
    (only,) = inputs(DATA / "fhir" / f"{name}.json")
    return only


@pytest.fixture(scope="session")
def published(stack: Stack) -> dict[str, Followed]:
    names = (*REFERRALS, *NO_REFERRALS)
    return dict(zip(names, Follower(stack).post([the_input(n) for n in names]), strict=True))


@pytest.mark.waits
@pytest.mark.parametrize("name", REFERRALS, ids=lambda name: Path(name).stem)
def test_a_published_referral_is_followed_to_the_end(
    name: str, published: dict[str, Followed], records: Records
) -> None:
    followed = published[name]
    assert followed.referral is not None, followed.refusal
    ended = records.ended(followed.referral.id)
    records.has_kept_the_rules(ended.id)
    assert ended.is_closed or ended.work_item is not None


@pytest.mark.parametrize("name", NO_REFERRALS, ids=lambda name: Path(name).stem)
def test_what_asks_for_nothing_is_refused_with_a_reason(
    name: str, published: dict[str, Followed]
) -> None:
    followed = published[name]
    assert followed.referral is None
    assert followed.refusal is not None
    assert followed.refusal["resourceType"] == "OperationOutcome"
    assert followed.refusal["issue"][0]["diagnostics"]
