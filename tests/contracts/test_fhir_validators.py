"""Every resource that we emit is FHIR R4 in the eyes of three independent validators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.referral import Appointment, Notice, NoticeTopic, Report
from referral_core.entrypoints.http.route_table import ROUTES
from referral_core.fhir.errors import FhirError, Issue, operation_outcome
from referral_core.fhir.intake.orders import read_referrals
from referral_core.fhir.outbound.bundle_responses import EntryAnswer, transaction_response
from referral_core.fhir.outbound.capability import capability_statement
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.outbound.responses import (
    appointment,
    message_response,
    notice_communication,
    searchset,
    service_request_as_stored,
)
from referral_core.fhir.outbound.task_changes import reminder, withdrawal
from referral_core.fhir.outbound.tasks import task_a, task_b
from tests.contracts.fhir_oracles import complaints
from tests.contracts.referral_samples import SAMPLES, kind_of
from tests.unit.builders import NOW, a_referral
from tests.unit.fhir.orders import FHIR_JSON, a_patient, an_order
from tests.unit.fhir.partners import a_payload, a_performer, an_offer, an_offered_referral

Json = dict[str, Any]
SLIP = Issue("warning", "structure", "wrong-type", "Bundle.entry[0].resource.x", "Mend it.")
BASE = "https://api.example.org/fhir"
REPORT = Report(sha256="ab" * 32, loinc="11488-4", received_at=NOW, sufficient=True)
GRANTED = Authorization(
    status=AuthorizationStatus.APPROVED,
    trace="r1-a1",
    performer="1999900032",
    requested_at=NOW,
    number="AUTH-7",
    valid_from=date(2026, 3, 2),
)
BARE: Json = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "plan",
    "subject": {"display": "Somebody"},
    "note": [],
    "requester": {},
    "patientInstruction": "",
}


def named(name: str, resource: Json) -> tuple[str, Json]:
    return name, resource


def tasks() -> Iterator[tuple[str, Json]]:
    order = an_order(contained=[a_patient(identifier=[{"system": "urn:mrn", "value": "7"}])])
    for status in Status:
        outcomes = Outcome if status is Status.CLOSED else [None]
        for outcome in outcomes:
            referral = a_referral(
                status=status,
                outcome=outcome,
                missing=("patient.phone", "coverage.member_id"),
                reports=(REPORT,),
            )
            yield named(f"Task A {status} {outcome}", task_a(referral, order))
    for offer_status in ("open", "accepted", "declined", "silent", "withdrawn"):
        offer = an_offer(status=offer_status)
        referral = an_offered_referral(offers=(offer,), authorization=GRANTED)
        yield named(f"Task B {offer_status}", task_b(referral, offer, "Dr. Iris Vandermeer", order))


def responses() -> Iterator[tuple[str, Json]]:
    stored = []
    for path in SAMPLES:
        body = path.read_bytes()
        kind = kind_of(path)
        for intake in read_referrals(body, FHIR_JSON, kind, NOW):
            referral = a_referral(f"r{len(stored)}")
            resource = service_request_as_stored(referral, intake.service_request)
            stored.append(resource)
            yield named(f"stored {path.name}", resource)
            offered = offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))
            yield named(f"offer of {path.name}", offered)
        if kind == "message":
            yield named(path.name, message_response(body, ["ServiceRequest/r1/_history/1"], NOW))
            outcome = operation_outcome([SLIP], "request-1")
            answer = message_response(body, ["ServiceRequest/r1/_history/1"], NOW, outcome)
            yield named(f"{path.name} with a slip", answer)
    (bare,) = read_referrals(json.dumps(BARE).encode(), FHIR_JSON, "resource", NOW)
    yield named("bare stored", service_request_as_stored(a_referral(), bare.service_request))
    incomplete = {**BARE, "contained": [{"resourceType": "Coverage", "id": "c"}]}
    incomplete["insurance"] = [{"reference": "#c"}]
    for sent in (BARE, incomplete):
        (read,) = read_referrals(json.dumps(sent).encode(), FHIR_JSON, "resource", NOW)
        offered = offer_bundle(an_offered_referral(), a_performer(), a_payload(read))
        yield named("bare offered", offered)
    yield named("page", searchset(stored, BASE, self_url="s", next_url="n", total=7))
    yield named("empty page", searchset([], BASE, self_url="s"))
    yield named(
        "transaction",
        transaction_response(
            [
                None,
                EntryAnswer("ServiceRequest/r1/_history/1", 'W/"1"', created=True),
                EntryAnswer(
                    "ServiceRequest/r1/_history/1",
                    'W/"1"',
                    created=False,
                    resource=stored[0],
                    outcome=operation_outcome([SLIP], "request-1"),
                ),
            ],
            NOW,
        ),
    )


def messages() -> Iterator[tuple[str, Json]]:
    for outcome in Outcome:
        notice = Notice(number=1, outcome=outcome, queued_at=NOW)
        referral = a_referral(
            reports=(REPORT,), placer_identifier="https://ehr.example.org/orders|A-1"
        )
        yield named(f"notice {outcome}", notice_communication(referral, notice, BASE))
        yield named(f"notice {outcome}", notice_communication(a_referral(), notice))
    for topic in NoticeTopic:
        notice = Notice(number=2, topic=topic, queued_at=NOW)
        if topic is not NoticeTopic.CLOSURE:
            referral = a_referral(reports=(REPORT,), missing=("patient.phone",))
            yield named(f"notice {topic}", notice_communication(referral, notice, BASE))
            yield named(f"notice {topic}", notice_communication(a_referral(), notice))
    for awaited in ("answer", "booking", "report"):
        yield named(f"reminder {awaited}", reminder("r1.b1", a_performer(), awaited))
    yield named("withdrawal", withdrawal("r1.b1", a_performer(), "patient-declined"))
    for status in ("booked", "fulfilled", "noshow", "cancelled"):
        visit = Appointment(number=1, start=NOW, status=status)
        end = NOW + timedelta(minutes=30)
        yield named(f"visit {status}", appointment(an_offered_referral(), visit, end, an_order()))
        yield named(f"visit {status}", appointment(a_referral(), visit, end))
    yield named("outcome", operation_outcome(FhirError("a-b", "Do c.").issues, "corr-1"))
    taken = Issue("information", "informational", "recorded", "Task.status", "Recorded.")
    yield named("outcome", operation_outcome([taken], "corr-1"))
    released = datetime(2026, 3, 1, tzinfo=UTC)
    yield named("metadata", capability_statement(BASE, "0.1.0", released, f"{BASE}/token", ROUTES))


EMITTED = [*tasks(), *responses(), *messages()]


@pytest.fixture(scope="module")
def judged() -> list[list[str]]:
    return complaints([resource for _, resource in EMITTED])


@pytest.mark.parametrize("index", range(len(EMITTED)), ids=[name for name, _ in EMITTED])
def test_what_we_emit_is_valid(index: int, judged: list[list[str]]) -> None:
    assert judged[index] == []


def test_the_judges_judge() -> None:
    """Guards the harness: each judge finds the fault that it is known to find."""
    unknown = {"resourceType": "Task", "status": "gone", "intent": "order"}
    extra = {"resourceType": "Task", "status": "requested", "intent": "order", "foo": 1}
    by_unknown, by_extra = complaints([unknown, extra])
    assert any(c.startswith("fhir: ") for c in by_unknown)
    assert any(c.startswith("medplum: ") for c in by_extra)
    assert any(c.startswith("fhir.resources: ") for c in by_extra)
