"""Documents from a clinic: kept under their hash, typed as the pathway knows them, and read."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.work import Reason
from tests.acts import accepted, agreed, booked, reason_of, seen
from tests.in_memory import REFERRAL, TENANT
from tests.unit.api.office import Office, Reply
from tests.unit.fhir.partners import a_document
from tests.unit.steps.desks import a_world
from tests.unit.timelines.world import PathwayWorld

TEXT = b"%PDF-1.7 result"
LOINC = "http://loinc.org"
RADIOLOGY = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}


def clinic_of(office: Office) -> str:
    """Let the clinic that has the referral call."""
    organization = office.world.referral.offers[-1].organization
    assert organization == "clinic-1"
    return "clinic-1"


def send(office: Office, resource: dict[str, Any]) -> Reply:
    kind = resource["resourceType"]
    return office.call("POST", f"/fhir/{kind}", resource, client=clinic_of(office))


def seen_office() -> Office:
    world = a_world()
    for act in (accepted, agreed, booked, seen):
        act(world)
    return Office(world)


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


def imaging() -> Office:
    world = PathwayWorld("routine-imaging")
    for act in (accepted, agreed, booked, seen):
        act(world)
    assert world.referral.status is Status.SEEN_AWAITING_REPORT
    return Office(world)


def test_a_document_is_stored_before_the_record_names_it() -> None:
    office = seen_office()
    about = {"context": {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}}
    reply = send(office, a_document(**about))
    assert reply.status == 201
    report = office.world.referral.report
    assert report is not None
    assert report.sufficient
    assert (TENANT, report.sha256) in office.documents.stored
    assert [e.kind for e in office.world.referrals.evidence[TENANT, REFERRAL]] == ["report"]


def test_a_document_with_several_types_counts_as_the_one_that_the_pathway_knows() -> None:
    office = seen_office()
    types = {"coding": [{"system": LOINC, "code": c} for c in ("51845-6", "11488-4")]}
    about = {"context": {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}}
    send(office, a_document(type=types, **about))
    assert office.world.referral.closing is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


@pytest.mark.parametrize("code", ["24725-4", "36813-4", None])
def test_an_imaging_result_closes_the_loop_whatever_the_study(code: str | None) -> None:
    office = imaging()
    told = {"coding": [{"system": LOINC, "code": code}]} if code else {"text": "CT of the head"}
    assert send(office, a_result(code=told, category=[{"coding": [RADIOLOGY]}])).status == 201
    assert office.world.referral.closing is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_a_preliminary_result_is_on_record_and_the_final_one_is_awaited() -> None:
    office = imaging()
    radiology = [{"coding": [RADIOLOGY]}]
    send(office, a_result(status="preliminary", category=radiology))
    assert office.world.referral.status is Status.SEEN_AWAITING_REPORT
    assert [r.final for r in office.world.referral.reports] == [False]
    final = base64.b64encode(TEXT + b" final").decode()
    form = [{"contentType": "application/pdf", "data": final}]
    send(office, a_result(category=radiology, presentedForm=form))
    assert office.world.referral.closing is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


def test_the_same_words_as_preliminary_and_as_final_are_two_reports() -> None:
    office = imaging()
    radiology = [{"coding": [RADIOLOGY]}]
    send(office, a_result(status="preliminary", category=radiology))
    send(office, a_result(category=radiology))
    digest = sha256(TEXT).hexdigest()
    assert [(r.sha256, r.final) for r in office.world.referral.reports] == [
        (digest, False),
        (digest, True),
    ]


def test_a_critical_result_is_on_the_clinicians_worklist_at_once() -> None:
    office = imaging()
    critical = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Finding"},
        "interpretation": [{"coding": [{"code": "AA"}]}],
    }
    send(office, a_result(category=[{"coding": [RADIOLOGY]}], contained=[critical]))
    assert reason_of(office.world) is Reason.CRITICAL_RESULT
    (item,) = office.items("?queue=clinical-review").body["workItems"]
    assert "sign-off" in item["actions"]


def test_a_result_by_its_address_only_is_not_taken() -> None:
    office = imaging()
    form = [{"contentType": "application/pdf", "url": "https://clinic.example.org/Binary/1"}]
    reply = send(office, a_result(presentedForm=form))
    assert (reply.status, reply.code) == (422, "document-not-inline")


def test_a_clinic_that_never_had_the_referral_is_told_that_there_is_none() -> None:
    office = imaging()
    directory = office.world.directory
    stranger = next(r for r in directory._records if getattr(r, "client_id", "") == "clinic-1")
    moved = stranger.model_copy(update={"organization": "clinic-9"})
    directory._records = (*(r for r in directory._records if r is not stranger), moved)
    reply = office.call("POST", "/fhir/DiagnosticReport", a_result(), client="clinic-1")
    assert reply.status == 404
    assert not office.world.referral.reports
