"""Bad days: partners that are down, slow, say everything twice, or tell things out of order."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners import middleware as gate
from local.partners.clinic import endpoint as clinic
from local.partners.world import World, referral_of
from tests.unit.partners.offers import an_offer
from tests.unit.partners.partner_harness import NOW, TOKEN, PartnerHarness, staged


def play(act: Any) -> PartnerHarness:
    async def scene() -> PartnerHarness:
        async with staged(clinic.routes) as stage:
            await act(stage)
            return stage

    stage: PartnerHarness = asyncio.run(scene())
    return stage


def test_a_partner_that_is_down_answers_nothing_and_calls_nobody() -> None:
    async def scene(stage: PartnerHarness) -> None:
        await stage.http.post("/clinic/elm", json=an_offer(), headers=TOKEN)
        stage.world.mode["clinic"] = "down"
        again = await stage.http.post("/clinic/elm", json=an_offer("r2.b1"), headers=TOKEN)
        assert again.status_code == 503
        await stage.pass_time(days=2)
        assert stage.router.said == []
        stage.world.mode["clinic"] = "up"
        await stage.pass_time(hours=1)

    stage = play(scene)

    assert stage.router.said == ["clinic:elm PUT /fhir/Task/r1.b1 accepted"]
    assert [entry["status"] for entry in stage.world.log("clinic")] == [200, 503, 200]


def test_a_partner_that_is_down_still_shows_its_log() -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.world.mode["clinic"] = "down"
        assert (await stage.http.get("/clinic/log")).status_code == 200

    play(scene)


def test_a_partner_that_duplicates_says_everything_twice() -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.world.mode["clinic"] = "duplicate"
        await stage.http.post("/clinic/elm", json=an_offer(), headers=TOKEN)
        stage.world.agree("r1")
        await stage.pass_time(days=40)

    said = play(scene).router.said

    assert said[::2] == said[1::2]
    assert len(said) == 8


def test_what_is_told_may_be_overtaken() -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.world.mode["clinic"] = "reorder"
        for number in range(12):
            taken = await stage.world.tell("clinic:elm", "PUT", f"/{number}", {})
            assert taken
        assert stage.router.said == []
        await stage.pass_time(days=6)

    said = play(scene).router.said

    assert len(said) == 12
    assert said != sorted(said, key=lambda line: int(line.rpartition("/")[2]))


def test_a_slow_partner_answers_late() -> None:
    async def scene(stage: PartnerHarness) -> None:
        wanted = {"partner": "clinic", "mode": "slow", "seconds": 0.05}
        assert gate.control(stage.world, wanted).status_code == 200
        began = time.monotonic()
        slow = await stage.http.post("/clinic/elm", json=an_offer(), headers=TOKEN)
        assert slow.status_code == 200
        assert time.monotonic() - began >= 0.05

    play(scene)


@pytest.mark.parametrize(
    "wanted",
    [{}, [], "down", {"partner": "clinic"}, {"partner": "x", "mode": "up"}, {"mode": "down"}],
)
def test_an_unknown_kind_of_day_is_refused(wanted: Any) -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert gate.control(stage.world, wanted).status_code == 400
        assert stage.world.mode == {}

    play(scene)


def test_the_gate_passes_large_bodies_on_unchanged() -> None:
    async def echo(request: Request) -> Response:
        return JSONResponse({"size": len(await request.body())})

    def routes(_world: World) -> list[Route]:
        return [Route("/clinic/{organization}", echo, methods=["POST"])]

    async def scene() -> int:
        async with staged(routes) as stage:
            answer = await stage.http.post("/clinic/elm", content=b"\xff" * 3_000_000)
            return int(answer.json()["size"])

    assert asyncio.run(scene()) == 3_000_000


def test_a_partner_that_fails_is_heard_of(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("planted")

    async def scene(stage: PartnerHarness) -> None:
        stage.world.later(timedelta(hours=1), fail())
        await stage.pass_time(hours=2)

    with caplog.at_level(logging.ERROR):
        play(scene)

    assert "planted" in caplog.text


def test_a_script_is_asked_for_once_and_not_remembered_while_the_router_is_away() -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.answers["GET", "/fhir/ServiceRequest/r1"] = (503, {})
        await stage.world.learn("r1")
        stage.router.answers.clear()
        for _ in range(3):
            await stage.world.learn("r1")

    assert len(play(scene).router.calls) == 2


def test_time_jumps_as_far_as_it_is_asked() -> None:
    async def scene(stage: PartnerHarness) -> None:
        await stage.pass_time(days=3)
        assert stage.world.now() == NOW + timedelta(days=3)

    play(scene)


@pytest.mark.parametrize(
    "own_id", ["abc", "abc.a", "abc.b12", "abc-c3", "Task/abc.b1", "https://x/fhir/Task/abc.a"]
)
def test_an_id_says_whose_it_is(own_id: str) -> None:
    assert referral_of(own_id) == "abc"
