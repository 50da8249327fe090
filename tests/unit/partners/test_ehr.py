"""The simulated EHR: it acknowledges, supplies what is missing, and revokes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.partners import ehr
from local.partners.script import Scripts
from tests.unit.partners.stage import NOW, TOKEN, Stage, a_script, staged

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


def play(scripts: Scripts, act: Any, days: float = 10) -> Stage:
    async def scene() -> Stage:
        async with staged(ehr.routes, scripts) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    stage: Stage = asyncio.run(scene())
    return stage


async def notified(stage: Stage, notice: Json | None = None) -> httpx.Response:
    url = "/ehr/Communication/r1.n1"
    return await stage.http.put(url, json=notice or a_notice(), headers=TOKEN)


async def watched(stage: Stage) -> None:
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
    async def twice(stage: Stage) -> None:
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
    async def scene(stage: Stage) -> None:
        answer = await notified(stage, a_notice(**fields))
        assert answer.status_code == 400
        assert answer.json()["resourceType"] == "OperationOutcome"

    assert play(a_script(tmp_path), scene).router.said == []


def test_missing_information_is_supplied_once_when_the_task_asks(tmp_path: Path) -> None:
    (tmp_path / "supplied.json").write_text(json.dumps({"resourceType": "ServiceRequest"}))
    scripts = a_script(tmp_path, ehr={"supplies": "supplied.json", "supplies_after": "P1D"})

    async def scene(stage: Stage) -> None:
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
    async def scene(stage: Stage) -> None:
        stage.router.task = a_coordination_task("in-progress", "contacting-patient")
        await watched(stage)
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"cancels_when": "contacting-patient"}), scene)

    assert stage.router.said == ["ehr PUT /fhir/ServiceRequest/r1 revoked"]


def test_an_order_that_could_not_be_revoked_is_revoked_at_the_next_look(tmp_path: Path) -> None:
    path = "/fhir/ServiceRequest/r1"

    async def scene(stage: Stage) -> None:
        stage.router.task = a_coordination_task("in-progress", "offered")
        stage.router.answers["PUT", path] = (503, {})
        await watched(stage)
        await stage.pass_time(hours=7)
        del stage.router.answers["PUT", path]

    stage = play(a_script(tmp_path, ehr={"cancels_when": "offered"}), scene)

    assert len(stage.router.said) == 2


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
def test_what_has_ended_is_not_followed_any_more(tmp_path: Path, status: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.router.task = a_coordination_task(status, "closed")
        await watched(stage)

    stage = play(a_script(tmp_path, ehr={"cancels_when": "closed"}), scene)

    assert len(stage.router.calls) == 2
    assert stage.router.said == []
