"""Records that took another's place, and numbers in other spellings: one patient, or a refusal."""

from __future__ import annotations

from typing import Any, Final

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.orders.clinical_content import ClinicalPayload
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import Json, a_bundle, a_coverage, a_patient, an_order, bundled_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

KNOWN: Final = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
ALPHA: Final = [{"family": "Alpha", "given": ["Ann"]}]
BETA: Final = [{"family": "Beta", "given": ["Bea"]}]


def link(to: str, kind: str = "replaced-by") -> Json:
    return {"other": {"reference": f"Patient/{to}"}, "type": kind}


def old(own: str, *to: str, **fields: Any) -> Json:
    return a_patient(id=own, active=False, link=[link(one) for one in to], **fields)


def now(own: str, *replaces: str, **fields: Any) -> Json:
    links = {"link": [link(one, "replaces") for one in replaces]} if replaces else {}
    return a_patient(id=own, **links, **fields)


def sent(*patients: Json) -> tuple[ApiClient, Reply]:
    api = ApiClient(World())
    order, _, coverage = bundled_order(**KNOWN)
    return api, api.call("POST", "/fhir", a_bundle(order, *patients, coverage), client="ehr-1")


@pytest.mark.parametrize(
    "patients",
    [
        (old("pat", "p2"), now("p2")),
        (old("pat", "p2"), old("p2", "p3"), now("p3", name=[{"family": "Whitlock-Roe"}])),
        (old("pat", "p2"), now("p2", "pat")),
        (old("pat"), now("p2", "pat")),
        (old("pat"), old("p2", "p3"), now("p3", "pat")),
        # Still said to be active.
        (now("pat") | {"link": [link("p2")]}, now("p2")),
        # Two that took its place and are the same.
        (old("pat", "p2", "p2"), now("p2")),
    ],
    ids=["once", "chained", "both ways", "said by the new one", "crossed", "active", "twice"],
)
def test_the_record_in_use_is_found_and_the_coverage_of_the_old_one_is_its(
    patients: tuple[Json, ...],
) -> None:
    api, reply = sent(*patients)
    assert reply.status == 200, reply.body
    (state,) = api.world.referrals.all()
    content = ClinicalPayload.load(api.world.referrals.payload(state.referral)).content
    assert content.coverage.member_id == "M-1"
    assert state.referral.status is Status.OFFERED


@pytest.mark.parametrize(
    ("patients", "code"),
    [
        ((old("pat", "p2"), old("p2", "pat")), "patient-not-in-use"),
        ((old("pat", "pat"),), "patient-not-in-use"),
        ((old("pat", "nowhere"),), "patient-not-in-use"),
        ((old("pat", "p2", "p3"), now("p2", name=ALPHA), now("p3", name=BETA)), None),
        ((old("pat"), now("p2", "pat", name=ALPHA), now("p3", "pat", name=BETA)), None),
        ((now("pat", active=False) | {"link": [link("p2", "refer")]}, now("p2")), None),
        (
            (old("pat", "p2", name=ALPHA), now("p2", name=BETA, birthDate="2001-02-03")),
            "replaced-by-another-person",
        ),
    ],
    ids=["circle", "itself", "nowhere", "two", "two that say so", "only referred to", "another"],
)
def test_where_none_or_several_could_be_meant_nobody_is_guessed(
    patients: tuple[Json, ...], code: str | None
) -> None:
    api, refused = sent(*patients)
    assert (refused.status, refused.code) == (422, code or "patient-not-in-use")
    assert api.world.referrals.all() == ()


def put_over(before: Json, after: Json) -> int:
    api = ApiClient(World())
    orders = [an_order(**KNOWN, contained=[patient, a_coverage()]) for patient in (before, after)]
    one = api.call("POST", "/fhir/ServiceRequest", orders[0], client="ehr-1").body["id"]
    url = f"/fhir/ServiceRequest/{one}"
    status = api.call("PUT", url, {**orders[1], "id": one}, client="ehr-1").status
    version = api.world.referrals.load(TENANT, ReferralId(one)).referral.payload_version
    assert version == (2 if status == 200 else 1)
    return status


def numbered(system: str | None, value: str, **fields: Any) -> Json:
    named = {"system": system} if system else {}
    return a_patient(identifier=[{**named, "value": value}], **fields)


SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
JANE: Final = [{"family": "Roe", "given": ["Jane"]}]


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (numbered(SSN, "123-45-6789"), numbered(SSN, "123456789"), 200),
        (numbered(SSN, "123-45-6789"), numbered(SSN, "123-45-6780"), 422),
        (numbered("http://h/mrn", "1"), numbered("https://H/mrn/", "1"), 200),
        (numbered("http://h/mrn", "1"), numbered("https://h/mrn/", "2"), 422),
        (numbered("urn:oid:1.2.3.4", "1"), numbered("1.2.3.4", "2"), 422),
        # A value in common, in another system or in none, with no name in common.
        (numbered("urn:a", "1"), numbered("urn:b", "1", name=JANE), 422),
        (numbered(None, "1"), numbered(None, "1", name=JANE), 422),
        (numbered(None, "1"), numbered(None, "1", name=JANE, birthDate=None), 422),
        (numbered(None, "1"), numbered(None, "1", telecom=None), 200),
        # Another number in another system, and given and family name the other way round.
        (numbered("urn:a", "1"), numbered("urn:b", "2"), 200),
        (a_patient(), a_patient(name=[{"family": "Marjorie", "given": ["Whitlock"]}]), 422),
        (
            numbered("urn:a", "1"),
            numbered("urn:a", "1", name=[{"family": "Marjorie", "given": ["Whitlock"]}]),
            200,
        ),
        # A birth date that was written month first, and one that is only a year.
        (a_patient(birthDate="1961-04-05"), a_patient(birthDate="1961-05-04"), 422),
        (a_patient(), a_patient(birthDate="1961"), 200),
    ],
)
def test_numbers_are_compared_as_they_are_meant(before: Json, after: Json, status: int) -> None:
    assert put_over(before, after) == status
