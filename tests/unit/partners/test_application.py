"""All partners as one application: every one is there, and each can have a bad day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.partners.application import application
from local.partners.scripts.script import Scripts
from local.partners.world import MODES, PARTNERS, World
from referral_core.fhir.pas.claim import claim_bundle
from tests.unit.partners.offers import an_offer
from tests.unit.partners.partner_harness import (
    TOKEN,
    JumpingClock,
    PartnerHarness,
    RememberingRouter,
    a_script,
)
from tests.unit.payer_requests import a_payer, an_authorization_request

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20260302/us-east-1/sms-voice/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}"
)
OK = [200, 200, 201, 200]
"""What payer, clinic, EHR and carrier answer."""
SAYS = {
    "payer": "payer:valley-plan POST /fhir/ClaimResponse",
    "clinic": "clinic:elm PUT /fhir/Task/r1.b1 accepted",
    "ehr": "ehr POST /fhir/Communication completed",
    "staff": "staff POST /work-items/r1/decision",
}


class UnhurriedWorld(World):
    """Its partners are slow by the clock."""

    async def delay(self, partner: str) -> None:
        await self.sleep(timedelta(seconds=self.slow_s.get(partner, 3)))


class RememberedTopic:
    def __init__(self) -> None:
        self.published: list[str] = []

    async def publish(self, message: str) -> None:
        self.published.append(message)


@asynccontextmanager
async def on_stage(scripts: Scripts) -> AsyncIterator[tuple[PartnerHarness, RememberedTopic]]:
    clock = JumpingClock()
    router = RememberingRouter(clock)
    world, topic = UnhurriedWorld(clock, router, scripts, "seed"), RememberedTopic()
    transport = httpx.ASGITransport(application(world, topic))
    async with httpx.AsyncClient(transport=transport, base_url="http://partners") as http:
        yield PartnerHarness(clock, router, world, http), topic
        await world.stop()


def a_busy_day(folder: Path) -> Scripts:
    parts: Mapping[str, Mapping[str, Any]] = {
        "payer": {"authorization": "A4-then-A1"},
        "patient": {"reply": "NO"},
        "staff": {"decides": {"fault": "retry"}},
    }
    return a_script(folder, **parts)


async def everybody_is_asked(stage: PartnerHarness) -> list[int]:
    """Ask every partner for something; return the statuses of those that answer requests."""
    item = {"id": "r1", "reason": "fault", "openedAt": "2026-03-02T13:00:00+00:00"}
    actions = {"parameter": [{"name": "action", "valueCode": "retry"}]}
    stage.router.answers["GET", "/work-items?_count=200"] = (200, {"workItems": [item]})
    stage.router.answers["GET", "/fhir/ServiceRequest/r1/$available-actions"] = (200, actions)
    notice = {
        "resourceType": "Communication",
        "id": "r1.n1",
        "status": "completed",
        "basedOn": [{"identifier": {"value": "r1"}}],
        "payload": [{"contentString": "The referral ended."}],
    }
    text = {
        "DestinationPhoneNumber": "+15085550123",
        "OriginationIdentity": "+15085550100",
        "MessageBody": "Please reply YES or NO.",
        "Context": {"reference": "r1-c1"},
    }
    claim = claim_bundle(an_authorization_request(trace="r1-a1.1"), a_payer())
    to_carrier = {"Authorization": SIGNED, "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage"}
    asked = [
        stage.http.post("/payer/fhir/Claim/$submit", json=claim, headers=TOKEN),
        stage.http.post("/clinic/elm", json=an_offer(), headers=TOKEN),
        stage.http.put("/ehr/Communication/r1.n1", json=notice, headers=TOKEN),
        stage.http.post("/carrier", json=text, headers=to_carrier),
    ]
    asking = asyncio.gather(*asked)
    await stage.pass_time(minutes=1)
    return [answer.status_code for answer in await asking]


def play(folder: Path, partner: str, mode: str, days: float = 20) -> tuple[list[int], list[str]]:
    """Give one partner a kind of day; return the statuses, and what was said and published."""

    async def scene() -> tuple[list[int], list[str]]:
        async with on_stage(a_busy_day(folder)) as (stage, topic):
            wanted = {"partner": partner, "mode": mode}
            assert (await stage.http.post("/control", json=wanted)).status_code == 200
            statuses = await everybody_is_asked(stage)
            await stage.pass_time(days=days)
            return statuses, [*stage.router.said, *topic.published]

    return asyncio.run(scene())


def of(partner: str, said: list[str]) -> int:
    if partner in {"carrier", "patient"}:
        return sum(line.startswith("{") for line in said)
    return said.count(SAYS[partner])


def test_there_is_a_log_of_every_partner(tmp_path: Path) -> None:
    async def scene() -> None:
        async with on_stage(a_busy_day(tmp_path)) as (stage, _):
            assert (await stage.http.get("/ready")).json() == {"ready": True}
            for partner in PARTNERS:
                assert (await stage.http.get(f"/{partner}/log")).json() == []

    asyncio.run(scene())


@pytest.mark.parametrize("partner", PARTNERS)
def test_on_a_good_day_everybody_answers_and_speaks_once(tmp_path: Path, partner: str) -> None:
    statuses, said = play(tmp_path, partner, "up")

    assert statuses == OK
    assert [of(name, said) for name in PARTNERS] == [1] * len(PARTNERS)


@pytest.mark.parametrize("partner", PARTNERS)
def test_who_is_down_answers_nothing_and_says_nothing(tmp_path: Path, partner: str) -> None:
    statuses, said = play(tmp_path, partner, "down")

    called = ["payer", "clinic", "ehr", "carrier"]
    assert statuses == [503 if name == partner else ok for name, ok in zip(called, OK, strict=True)]
    assert of(partner, said) == 0


@pytest.mark.parametrize("partner", PARTNERS)
def test_who_duplicates_says_everything_twice(tmp_path: Path, partner: str) -> None:
    _, said = play(tmp_path, partner, "duplicate")

    assert of(partner, said) == 2


@pytest.mark.parametrize("partner", PARTNERS)
def test_who_is_overtaken_says_it_all_the_same(tmp_path: Path, partner: str) -> None:
    _, said = play(tmp_path, partner, "reorder")

    assert of(partner, said) == 1


@pytest.mark.parametrize("partner", PARTNERS)
def test_who_is_slow_is_late(tmp_path: Path, partner: str) -> None:
    async def scene() -> timedelta:
        async with on_stage(a_busy_day(tmp_path)) as (stage, _):
            wanted = {"partner": partner, "mode": "slow", "seconds": 7}
            await stage.http.post("/control", json=wanted)
            await everybody_is_asked(stage)
            await stage.pass_time(days=5)
            late = [
                entry
                for entry in stage.world.log(partner)
                if entry["did"] in {"received", "replied", "called"}
            ]
            return timedelta(seconds=int(str(late[0]["at"])[17:19]))

    # Staff read the worklist and what is allowed before they decide: late each time.
    times = 3 if partner == "staff" else 1
    assert asyncio.run(scene()) == times * timedelta(seconds=7)


def test_there_are_no_other_days() -> None:
    assert MODES == ("up", "down", "slow", "duplicate", "reorder")


def test_the_ids_that_partners_make_follow_from_the_seed(tmp_path: Path) -> None:
    def ids(seed: str) -> list[str]:
        clock = JumpingClock()
        world = World(clock, RememberingRouter(clock), Scripts(None), seed)
        return [world.new_id() for _ in range(3)]

    assert ids("a") == ids("a")
    assert len({*ids("a"), *ids("b")}) == 6
