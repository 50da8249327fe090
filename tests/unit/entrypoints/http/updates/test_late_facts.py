"""What comes after the end, or names nothing: it reaches whoever must act, and changes no more."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Outcome, Step
from referral_core.domain.updates import Cancel, Role
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, World
from tests.partner_actions import (
    TO_THE_END,
    accepted,
    agreed,
    booked,
    notified,
    patient_told,
    reason_of,
)
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.parties import Parties, Party, Request, authorization_pended
from tests.unit.entrypoints.http.partner_writes import PAYER
from tests.unit.fhir.orders import Json, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import of_order

ABOUT_IT = [{"reference": f"ServiceRequest/{REFERRAL}"}]


def ended(*acts: Any) -> ApiClient:
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    for act in acts:
        act(api.world)
    assert api.world.referral.is_closed
    return api


def _cancelled(world: World) -> None:
    world.report(Cancel, role=Role.EHR)
    notified(world)
    patient_told(world)


def a_result(text: str = "Potassium 7.1", *, critical: bool = True, **fields: Any) -> Json:
    interpretation = {"coding": [{"code": "HH" if critical else "N"}]}
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "Potassium"},
        "interpretation": [interpretation],
    }
    form = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}
    return {
        "resourceType": "DiagnosticReport",
        "contained": [observation],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "basedOn": ABOUT_IT,
        "result": [{"reference": "#o"}],
        "presentedForm": [form],
        **fields,
    }


def sent(api: ApiClient, body: Json) -> Reply:
    return api.call("POST", "/fhir/DiagnosticReport", body, client="clinic-1")


def test_a_critical_result_after_the_end_is_a_clinicians_at_once() -> None:
    api = ended(*TO_THE_END)
    assert sent(api, a_result()).status == 201
    referral = api.world.referral
    assert reason_of(api.world) is Reason.CRITICAL_RESULT
    assert referral.reopenings[-1].reason == "late-critical-result"
    assert "critical-result" in [n.topic for n in referral.notices]
    assert REFERRAL in [item["id"] for item in api.items().body["workItems"]]


def test_a_critical_result_after_a_cancellation_leads_the_list_of_the_unmatched() -> None:
    api = ended(accepted, agreed, booked, _cancelled)
    assert sent(api, a_result("Sodium 140", critical=False)).code == "late"
    api.world.clock.move(timedelta(hours=1))
    assert sent(api, a_result()).code == "late"
    assert api.world.referral.is_closed
    listed = api.call("GET", "/unmatched").body["unmatched"]
    assert [item["critical"] for item in listed] == [True, False]


def test_the_same_critical_result_opens_it_once() -> None:
    api = ended(*TO_THE_END)
    first, second = sent(api, a_result()), sent(api, a_result())
    assert (first.status, second.status) == (201, 201)
    assert len(api.world.referral.reopenings) == 1


def test_what_is_not_critical_leaves_it_closed_and_waits_for_a_person() -> None:
    api = ended(*TO_THE_END)
    assert sent(api, a_result(critical=False)).code == "late"
    assert api.world.referral.is_closed
    assert [i["reason"] for i in api.call("GET", "/unmatched").body["unmatched"]] == [
        "referral-closed"
    ]


def test_an_order_that_is_revoked_after_it_was_cancelled_is_done() -> None:
    api = ended(accepted, _cancelled)
    stored = api.call("GET", f"/fhir/ServiceRequest/{REFERRAL}", client="ehr-1").body
    url = f"/fhir/ServiceRequest/{REFERRAL}"
    revoked = api.call("PUT", url, {**stored, "status": "revoked"}, client="ehr-1")
    assert revoked.status == 200, revoked.body
    assert api.world.referral.outcome is Outcome.CANCELLED_BY_REFERRER


def test_an_order_that_is_revoked_after_the_visit_is_told_how_it_ended() -> None:
    api = ended(*TO_THE_END)
    url = f"/fhir/ServiceRequest/{REFERRAL}"
    stored = api.call("GET", url, client="ehr-1").body
    revoked = api.call("PUT", url, {**stored, "status": "revoked"}, client="ehr-1")
    assert (revoked.status, revoked.code) == (409, "referral-closed")
    assert "Post a new referral" not in revoked.says
    changed = api.call("PUT", url, {**stored, "note": [{"text": "late"}]}, client="ehr-1")
    assert "Post a new referral" in changed.says


# --- consent --------------------------------------------------------------------------------------


def _without_consent(world: World) -> World:
    psychiatry = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "2084P0800X"}]}
    of_order(an_order(performerType=psychiatry, contained=[a_patient()], insurance=None), world)
    world.report(Cancel, role=Role.EHR)
    notified(world)
    patient_told(world)
    return world


def reopened(api: ApiClient, step: Step) -> Reply:
    body = {"reason": "closed-by-mistake", "resume": step.value}
    return api.call("POST", f"/fhir/ServiceRequest/{REFERRAL}/$reopen", body)


def test_no_reopening_leads_past_the_consent() -> None:
    api = ApiClient(World())
    _without_consent(api.world)
    assert api.world.referral.is_closed
    refused = reopened(api, Step.ROUTE_REFERRAL)
    assert refused.status == 409
    assert "consent" in refused.says
    assert api.world.referral.is_closed
    assert reopened(api, Step.CHECK_READINESS).status == 200
    assert "consent" in api.world.referral.missing
    assert not api.world.clinics.offers


def test_a_critical_result_that_may_not_open_it_leads_the_list_of_the_unmatched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a referral that ended completed, and whose consent was taken back since
    api = ended(*TO_THE_END)
    monkeypatch.setattr(
        "referral_core.entrypoints.http.updates.partners.reopen", Mock(side_effect=NotLegal)
    )
    assert sent(api, a_result()).code == "late"
    assert api.world.referral.is_closed
    listed = api.call("GET", "/unmatched").body["unmatched"]
    assert [item["critical"] for item in listed] == [True]


# --- a payer's decision that names no request ----------------------------------------------------


def untraced(*identifiers: Json) -> Json:
    one = PAYER[0].request.body
    assert isinstance(one, dict)
    without = {k: v for k, v in one.items() if k not in {"identifier", "request"}}
    return {**without, **({"identifier": list(identifiers)} if identifiers else {})}


def decided(parties: Parties, body: Json, party: Party = Party.PAYER) -> Reply:
    return parties.call(Request("POST", "/fhir/ClaimResponse", body), party)


def test_a_decision_without_a_trace_is_kept_for_a_person() -> None:
    parties = authorization_pended()
    before = parties.stored()
    reply = decided(parties, untraced())
    assert (reply.status, reply.code) == (202, "kept-unmatched")
    assert parties.stored() == before
    (item,) = parties.api.unmatched.items.values()
    assert (item.mismatch, item.organization) == ("trace-unknown", "harbor")
    decided(parties, untraced())
    assert len(parties.api.unmatched.items) == 1


def test_once_a_person_attached_it_the_decision_counts() -> None:
    parties = authorization_pended()
    decided(parties, untraced())
    (item_id,) = (item.id for item in parties.api.unmatched.items.values())
    body = {"action": "attach", "referralId": REFERRAL}
    reply = parties.call(Request("POST", f"/unmatched/{item_id}/decision", body), Party.STAFF)
    assert reply.status == 200, reply.body
    parties.world.settle()
    known = parties.world.referral.authorization
    assert known is not None
    assert known.status == "approved"


def test_of_several_decisions_those_with_a_trace_count() -> None:
    parties = authorization_pended()
    traced = {"system": "urn:trnorg:9123456789", "value": f"{REFERRAL}-a1.1"}
    entries = [{"resource": untraced(traced)}, {"resource": untraced()}]
    body = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert decided(parties, body).code == "resolved"
    assert len(parties.api.unmatched.items) == 1
