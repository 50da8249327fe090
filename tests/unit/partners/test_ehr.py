"""The simulated EHR: it acknowledges, supplies what is missing, and revokes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.partners.ehr import endpoint as ehr
from local.partners.scripts.script import Scripts
from referral_core.domain.updates import CareReceivedElsewhere, DeceasedOrMoved, Reported
from referral_core.fhir.inbound.task_updates import read_task_update
from tests.unit.partners.partner_harness import NOW, TOKEN, PartnerHarness, a_script, staged

Json = dict[str, Any]


def a_notice(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "Communication",
        "id": "r1.n1",
        "status": "completed",
        "basedOn": [{"identifier": {"value": "r1"}}],
        "payload": [{"contentString": "The referral ended."}],
    }
    return {**base, **fields}


def a_coordination_task(status: str, business: str) -> Json:
    return {
        "resourceType": "Task",
        "status": status,
        "focus": {"reference": "https://router.example/fhir/ServiceRequest/r1"},
        "businessStatus": {"coding": [{"code": "2.0"}, {"code": business}]},
    }


def play(scripts: Scripts, act: Any, days: float = 10) -> PartnerHarness:
    async def scene() -> PartnerHarness:
        async with staged(ehr.routes, scripts) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    stage: PartnerHarness = asyncio.run(scene())
    return stage


async def notified(stage: PartnerHarness, notice: Json | None = None) -> httpx.Response:
    url = "/ehr/Communication/r1.n1"
    return await stage.http.put(url, json=notice or a_notice(), headers=TOKEN)


async def watched(stage: PartnerHarness) -> None:
    answer = await stage.http.post("/ehr/watch", json={"referral_id": "r1"})
    assert answer.status_code == 202


def test_a_notice_is_acknowledged_after_a_while(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path, ehr={"acknowledges_after": "P1DT2H"}), notified)

    (acknowledgement,) = [call for call in stage.router.calls if call.method == "POST"]
    assert acknowledgement.at == NOW + timedelta(days=1, hours=2)
    assert (acknowledgement.client, acknowledgement.path) == ("ehr", "/fhir/Communication")
    assert acknowledgement.body["inResponseTo"] == [{"reference": "Communication/r1.n1"}]
    assert acknowledgement.body["received"] == "2026-03-03T16:00:00Z"


def test_the_same_notice_again_is_acknowledged_once(tmp_path: Path) -> None:
    async def twice(stage: PartnerHarness) -> None:
        assert (await notified(stage)).status_code == 201
        assert (await notified(stage)).status_code == 200

    assert len(play(a_script(tmp_path), twice).router.said) == 1


def test_an_ehr_may_never_acknowledge(tmp_path: Path) -> None:
    assert play(a_script(tmp_path, ehr={"acknowledges": False}), notified).router.said == []


@pytest.mark.parametrize(
    "fields",
    [
        {"resourceType": "Task"},
        {"id": "r1.n2"},
        {"status": "preparation"},
        {"basedOn": []},
        {"payload": None},
    ],
)
def test_what_is_no_notice_is_refused(tmp_path: Path, fields: Json) -> None:
    async def scene(stage: PartnerHarness) -> None:
        answer = await notified(stage, a_notice(**fields))
        assert answer.status_code == 400
        assert answer.json()["resourceType"] == "OperationOutcome"

    assert play(a_script(tmp_path), scene).router.said == []


def test_missing_information_is_supplied_once_when_the_task_asks(tmp_path: Path) -> None:
    (tmp_path / "supplied.json").write_text(json.dumps({"resourceType": "ServiceRequest"}))
    scripts = a_script(tmp_path, ehr={"supplies": "supplied.json", "supplies_after": "P1D"})

    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_coordination_task("received", "received")
        await watched(stage)
        await stage.pass_time(days=2)
        assert stage.router.said == []
        stage.router.task = a_coordination_task("received", "awaiting-information")

    stage = play(scripts, scene)

    assert stage.router.said == ["ehr PUT /fhir/ServiceRequest/r1"]
    (supplied,) = [call for call in stage.router.calls if call.method == "PUT"]
    assert supplied.body == {"resourceType": "ServiceRequest", "id": "r1"}
    assert supplied.at == NOW + timedelta(days=3, hours=6)


def test_the_order_is_revoked_when_the_task_says_so(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_coordination_task("in-progress", "contacting-patient")
        await watched(stage)
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"cancels_when": "contacting-patient"}), scene)

    assert stage.router.said == ["ehr PUT /fhir/ServiceRequest/r1 revoked"]


def test_an_order_that_could_not_be_revoked_is_revoked_at_the_next_look(tmp_path: Path) -> None:
    path = "/fhir/ServiceRequest/r1"

    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_coordination_task("in-progress", "offered")
        stage.router.answers["PUT", path] = (503, {})
        await watched(stage)
        await stage.pass_time(hours=7)
        del stage.router.answers["PUT", path]

    stage = play(a_script(tmp_path, ehr={"cancels_when": "offered"}), scene)

    assert len(stage.router.said) == 2


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
def test_what_has_ended_is_not_followed_any_more(tmp_path: Path, status: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_coordination_task(status, "closed")
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"cancels_when": "closed"}), scene)

    assert len(stage.router.calls) == 2
    assert stage.router.said == []


# --- notices that ask for something else ------------------------------------------------------


def a_notice_about(subject: str, number: int = 1) -> Json:
    system = "https://referral-router.org/fhir/CodeSystem/notice"
    category = [
        {"coding": [{"system": "https://example.org", "code": "notification"}]},
        {"coding": [{"system": system, "code": subject}]},
    ]
    return a_notice(id=f"r1.n{number}", category=category)


async def notify(stage: PartnerHarness, notice: Json) -> httpx.Response:
    url = f"/ehr/Communication/{notice['id']}"
    return await stage.http.put(url, json=notice, headers=TOKEN)


@pytest.mark.parametrize("subject", ["appointment-missed", "critical-result", "information-needed"])
def test_only_the_notice_of_the_end_is_acknowledged(tmp_path: Path, subject: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await notify(stage, a_notice_about(subject))

    assert play(a_script(tmp_path), scene).router.said == []


def test_the_notice_of_the_end_says_so_itself(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await notify(stage, a_notice_about("closure"))

    assert play(a_script(tmp_path), scene).router.said == ["ehr POST /fhir/Communication completed"]


def test_a_message_for_the_portal_is_kept_and_never_acknowledged(tmp_path: Path) -> None:
    message = {
        "resourceType": "Communication",
        "id": "r1-c3",
        "status": "completed",
        "payload": [{"contentString": "Please call us."}],
    }

    async def scene(stage: PartnerHarness) -> None:
        assert (await notify(stage, message)).status_code == 201
        assert (await notify(stage, message)).status_code == 200

    assert play(a_script(tmp_path), scene).router.calls == []


def a_task_that_lacks(*facts: str) -> Json:
    asked = {"coding": [{"system": "https://example.org", "code": "missing-information"}]}
    inputs = [{"type": asked, "valueString": fact} for fact in facts]
    return {**a_coordination_task("received", "awaiting-information"), "input": inputs}


def test_an_order_is_completed_with_what_the_task_lacks(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_task_that_lacks("patient.phone", "reason", "consent")
        await notify(stage, a_notice_about("information-needed"))

    scripts = a_script(tmp_path, ehr={"supplies": "generated", "supplies_after": "PT3H"})
    stage = play(scripts, scene)

    assert stage.router.said == ["ehr PUT /fhir/ServiceRequest/r1 active"]
    supplied = stage.router.calls[-1]
    assert supplied.at - NOW == timedelta(hours=3)
    (patient,) = supplied.body["contained"]
    assert patient["telecom"][0]["value"].startswith("+150855501")
    assert supplied.body["reasonCode"]
    assert supplied.body["id"] == "r1"


def test_nothing_is_supplied_when_nothing_is_missing_any_more(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_task_that_lacks()
        await notify(stage, a_notice_about("information-needed"))

    scripts = a_script(tmp_path, ehr={"supplies": "generated"})

    assert play(scripts, scene).router.said == []


# --- ends, replaces, reopens ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["revoked", "entered-in-error"])
def test_an_order_is_ended_by_its_status(tmp_path: Path, how: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.task = a_coordination_task("in-progress", "scheduled")
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"ends_when": "scheduled", "ends_with": how}), scene)

    assert stage.router.said == [f"ehr PUT /fhir/ServiceRequest/r1 {how}"]


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("care-received-elsewhere", CareReceivedElsewhere),
        ("deceased", DeceasedOrMoved),
        ("moved", DeceasedOrMoved),
    ],
)
def test_a_referral_is_ended_by_the_task_with_a_reason(
    tmp_path: Path, how: str, kind: type[Reported]
) -> None:
    async def scene(stage: PartnerHarness) -> None:
        task = a_coordination_task("in-progress", "scheduled")
        code = {"coding": [{"code": "fulfill"}]}
        stage.router.task = {**task, "id": "r1.a", "intent": "order", "code": code}
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"ends_when": "scheduled", "ends_with": how}), scene)

    assert stage.router.said == ["ehr PUT /fhir/Task/r1.a cancelled"]
    body = json.dumps(stage.router.calls[-1].body).encode()
    assert read_task_update(body, "application/fhir+json", "r1.a").kind_class is kind


@pytest.mark.parametrize("name", ["successor.json", "generated"])
def test_an_order_is_replaced_by_another(tmp_path: Path, name: str) -> None:
    successor = {"resourceType": "ServiceRequest", "identifier": [{"value": "LS-2"}]}
    (tmp_path / "successor.json").write_text(json.dumps(successor))
    scripts = a_script(tmp_path, ehr={"supersedes": name, "supersedes_after": "P3D"})

    stage = play(scripts, watched)

    assert stage.router.said[0].startswith("ehr POST /fhir/ServiceRequest")
    (posted, *_) = [call for call in stage.router.calls if call.method == "POST"]
    assert posted.at - NOW == timedelta(days=3)
    assert posted.body["replaces"] == [{"reference": "ServiceRequest/r1"}]
    assert posted.body["identifier"][0]["value"] in {"LS-2", "LS-1-R"}
    assert "id" not in posted.body


def test_a_closed_referral_is_reopened_once_as_soon_as_it_may_be(tmp_path: Path) -> None:
    path = "/fhir/ServiceRequest/r1/$reopen"

    async def scene(stage: PartnerHarness) -> None:
        stage.router.answers["POST", path] = (409, {})
        await notify(stage, a_notice_about("closure"))
        await stage.pass_time(days=4, hours=1)
        assert stage.router.said == [f"ehr POST {path}"]
        stage.router.answers["POST", path] = (200, {})
        await notify(stage, a_notice_about("closure", number=2))

    reopening = {"after": "P4D", "resume": "RouteReferral", "reason": "patient-called-back"}
    script = {"ehr": {"reopens": reopening, "acknowledges": False}}
    stage = play(a_script(tmp_path, **script), scene)

    assert stage.router.said == [f"ehr POST {path}"] * 2
    assert stage.router.calls[-1].body == {
        "resume": "RouteReferral",
        "reason": "patient-called-back",
    }


def test_staff_may_reopen_it_as_well(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await notify(stage, a_notice_about("closure"))

    script = {"staff": {"reopens": {"after": "P1D"}}, "ehr": {"acknowledges": False}}
    stage = play(a_script(tmp_path, **script), scene)

    # The stage's router has nothing to say against it: 201 is no conflict.
    assert stage.router.said == ["staff POST /fhir/ServiceRequest/r1/$reopen"]
