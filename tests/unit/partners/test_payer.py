"""The simulated payer in the world's time: successive answers, late decisions, appeals."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from local.partners.application import PayersWorld
from local.partners.payer import endpoint as payer
from local.partners.world import World
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.fhir.pas.claim import claim_bundle
from referral_core.fhir.pas.response import read_claim_response, read_claim_responses
from referral_core.x12.eligibility_request import write_270
from tests.unit.partners.partner_harness import NOW, TOKEN, PartnerHarness, a_script, staged
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request, an_inquiry


def routes(world: World) -> list[Route]:
    return payer.routes(PayersWorld(world), appeals=world)


async def inquired(stage: PartnerHarness, trace: str = "r1-e1") -> httpx.Response:
    text = write_270(an_inquiry(trace=trace), a_payer(), SENT_AT)
    return await stage.http.post("/payer/eligibility", content=text, headers=TOKEN)


async def submitted(stage: PartnerHarness, trace: str = "r1-a1.1") -> AuthorizationResponse:
    bundle = claim_bundle(an_authorization_request(trace=trace), a_payer())
    path = "/payer/fhir/Claim/$submit"
    answer = await stage.http.post(path, json=bundle, headers=TOKEN)
    return read_claim_response(answer.raise_for_status().json(), trace=trace)


def decisions(stage: PartnerHarness) -> list[tuple[str, str, timedelta]]:
    """List what was posted: trace, review action, and when."""
    decisions = []
    for call in stage.router.calls:
        if call.path == "/fhir/ClaimResponse":
            (answer,) = read_claim_responses(call.body)
            decisions.append((answer.trace, answer.review_action, call.at - NOW))
    return decisions


def play(folder: Path, act: Any, days: float = 60, **script: Any) -> PartnerHarness:
    async def scene() -> PartnerHarness:
        async with staged(routes, a_script(folder, payer=script)) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    stage: PartnerHarness = asyncio.run(scene())
    return stage


def test_each_inquiry_gets_the_next_answer_and_the_same_one_the_same(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        texts = [(await inquired(stage, trace)).text for trace in ("r1-e1", "r1-e1", "r1-e5")]
        assert ["EB*6**30" in text for text in texts] == [True, True, False]
        assert "EB*1**30" in texts[2]

    play(tmp_path, scene, eligibility=["inactive", "active"])


def test_a_payer_that_was_down_answers_the_same_inquiry_later(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        first, second = await inquired(stage), await inquired(stage)
        assert (first.status_code, second.status_code) == (503, 200)
        assert "AAA*N**75" in second.text

    play(tmp_path, scene, eligibility=["down", "unclear"])


def test_each_submission_gets_the_next_decision(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        first = await submitted(stage)
        again = await submitted(stage)
        second = await submitted(stage, "r1-a1.2")
        assert [a.review_action for a in (first, again, second)] == ["A3", "A3", "A1"]

    play(tmp_path, scene, authorization=["A3", "A1"])


def test_what_pends_is_decided_in_time_or_never(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        for trace in ("r1-a1.1", "r1-a2.1"):
            assert (await submitted(stage, trace)).review_action == "A4"

    stage = play(tmp_path, scene, authorization=["A4", "A4-then-A3"], decides_after="P9D")

    assert decisions(stage) == [("r1-a2.1", "A3", timedelta(days=9))]


def test_a_modification_grants_less_time(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        answer = await submitted(stage)
        assert (answer.review_action, answer.valid_to) == ("A6", date(2026, 4, 1))
        assert answer.number

    play(tmp_path, scene, authorization="A6")


@pytest.mark.parametrize("decision", ["A1", "A3"])
def test_an_appeal_is_decided_about_the_latest_request(tmp_path: Path, decision: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await submitted(stage)
        await submitted(stage, "r1-a1.2")
        await stage.pass_time(days=1)
        stage.world.appeal("r1")

    script = {"authorization": "A3", "appeal": decision, "appeal_after": "P12D"}
    stage = play(tmp_path, scene, **script)

    assert decisions(stage) == [("r1-a1.2", decision, timedelta(days=13))]


def test_an_appeal_may_never_be_decided(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await submitted(stage)
        stage.world.appeal("r1")

    assert decisions(play(tmp_path, scene, authorization="A3")) == []


def test_a_payer_posts_until_it_is_heard(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.answers["POST", "/fhir/ClaimResponse"] = (503, {})
        await submitted(stage)
        await stage.pass_time(days=2, hours=1, minutes=30)
        stage.router.answers.clear()

    stage = play(tmp_path, scene, authorization="A4-then-A1")

    assert len(decisions(stage)) == 3
