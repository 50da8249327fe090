"""Documents from a clinic: kept under their hash, typed as the pathway knows them, and read."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import accepted, agreed, booked, reason_of, seen
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.partners import a_document
from tests.unit.lifecycle.work_item_worlds import a_world
from tests.unit.timelines.world import PathwayWorld

TEXT = b"%PDF-1.7 result"
LOINC = "http://loinc.org"
RADIOLOGY = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}


def clinic_of(api: ApiClient) -> str:
    """Let the clinic that has the referral call."""
    organization = api.world.referral.offers[-1].organization
    assert organization == "clinic-1"
    return "clinic-1"


def send(api: ApiClient, resource: dict[str, Any]) -> Reply:
    kind = resource["resourceType"]
    return api.call("POST", f"/fhir/{kind}", resource, client=clinic_of(api))


def after_the_visit() -> ApiClient:
    world = a_world()
    for act in (accepted, agreed, booked, seen):
        act(world)
    return ApiClient(world)


def a_result(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "24725-4"}]},
        "basedOn": [{"reference": f"ServiceRequest/{REFERRAL}"}],
        "presentedForm": [
            {"contentType": "application/pdf", "data": base64.b64encode(TEXT).decode()}
        ],
        **fields,
    }


def imaging() -> ApiClient:
    world = PathwayWorld("routine-imaging")
    for act in (accepted, agreed, booked, seen):
        act(world)
    assert world.referral.status is Status.SEEN_AWAITING_REPORT
    return ApiClient(world)


def test_a_document_is_stored_before_the_record_names_it() -> None:
    api = after_the_visit()
    about = {"context": {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}}
    reply = send(api, a_document(**about))
    assert reply.status == 201
    report = api.world.referral.report
    assert report is not None
    assert report.sufficient
    assert (TENANT, report.sha256) in api.documents.stored
    evidence = api.world.referrals.evidence[TENANT, REFERRAL]
    assert [e.kind for e in evidence if e.sha256 == report.sha256] == ["report"]


def test_a_document_with_several_types_counts_as_the_one_that_the_pathway_knows() -> None:
    api = after_the_visit()
    types = {"coding": [{"system": LOINC, "code": c} for c in ("51845-6", "11488-4")]}
    about = {"context": {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}}
    send(api, a_document(type=types, **about))
    assert api.world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


@pytest.mark.parametrize("code", ["24725-4", "36813-4", None])
def test_an_imaging_result_closes_the_loop_whatever_the_study(code: str | None) -> None:
    api = imaging()
    study = {"coding": [{"system": LOINC, "code": code}]} if code else {"text": "CT of the head"}
    assert send(api, a_result(code=study, category=[{"coding": [RADIOLOGY]}])).status == 201
    assert api.world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_a_preliminary_result_is_on_record_and_the_final_one_is_awaited() -> None:
    api = imaging()
    radiology = [{"coding": [RADIOLOGY]}]
    send(api, a_result(status="preliminary", category=radiology))
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT
    assert [r.final for r in api.world.referral.reports] == [False]
    final = base64.b64encode(TEXT + b" final").decode()
    form = [{"contentType": "application/pdf", "data": final}]
    send(api, a_result(category=radiology, presentedForm=form))
    assert api.world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_the_same_words_as_preliminary_and_as_final_are_two_reports() -> None:
    api = imaging()
    radiology = [{"coding": [RADIOLOGY]}]
    send(api, a_result(status="preliminary", category=radiology))
    send(api, a_result(category=radiology))
    digest = sha256(TEXT).hexdigest()
    assert [(r.sha256, r.final) for r in api.world.referral.reports] == [
        (digest, False),
        (digest, True),
    ]


def test_a_critical_result_is_on_the_clinicians_worklist_at_once() -> None:
    api = imaging()
    critical = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Finding"},
        "interpretation": [{"coding": [{"code": "AA"}]}],
    }
    send(api, a_result(category=[{"coding": [RADIOLOGY]}], contained=[critical]))
    assert reason_of(api.world) is Reason.CRITICAL_RESULT
    (item,) = api.items("?queue=clinical-review").body["workItems"]
    assert "sign-off" in item["actions"]


def test_a_result_by_its_address_only_is_not_taken() -> None:
    api = imaging()
    form = [{"contentType": "application/pdf", "url": "https://clinic.example.org/Binary/1"}]
    reply = send(api, a_result(presentedForm=form))
    assert (reply.status, reply.code) == (422, "document-not-inline")


def test_a_clinic_that_never_had_the_referral_is_told_that_there_is_none() -> None:
    api = imaging()
    directory = api.world.directory
    stranger = next(r for r in directory._records if getattr(r, "client_id", "") == "clinic-1")
    moved = stranger.but(organization="clinic-9")
    directory._records = (*(r for r in directory._records if r is not stranger), moved)
    reply = api.call("POST", "/fhir/DiagnosticReport", a_result(), client="clinic-1")
    assert reply.status == 404
    assert not api.world.referral.reports
