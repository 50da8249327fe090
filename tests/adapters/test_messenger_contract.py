"""One carrier contract, two sides: in memory, and the AWS SDK against the simulated carrier."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol

import httpx
import pytest
from starlette.routing import Route

from local.partners import carrier as simulated
from local.partners.carrier import NUMBER
from local.partners.patient import Patients
from local.partners.world import World
from referral_core.adapters.memory_partners import MemoryMessenger
from referral_core.adapters.messenger import EndUserMessaging
from referral_core.domain.errors import Final, Retryable
from referral_core.ports import Messenger, Sms
from tests.adapters.sms_client import sms_client
from tests.adapters.still_world import Partner, partner

PHONE, OTHER = "+15085550131", "+15085550132"


def a_message(**fields: Any) -> Sms:
    base = {"to": PHONE, "body": "Reply YES to go ahead", "reference": "r1-c1"}
    return Sms.model_validate({**base, **fields})


class Side(Protocol):
    messenger: Messenger

    def sent(self) -> list[tuple[str, str]]:
        """Return body and reference of every message sent."""

    def opt_out(self, number: str) -> None:
        """Let a patient write STOP."""

    def turn(self, mode: str) -> None:
        """Make the carrier `up` or `down`."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryMessenger()
        self.messenger: Messenger = self.memory

    def sent(self) -> list[tuple[str, str]]:
        return [(m.body, m.reference) for m in self.memory.sent]

    def opt_out(self, number: str) -> None:
        self.memory.opted_out.add(number)

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class Nowhere:
    async def publish(self, message: str) -> None:
        """Publish to nobody."""


class SdkSide:
    def __init__(self) -> None:
        self.carrier: simulated.Carrier
        self.partner: Partner
        self.messenger: Messenger

    def routes(self, world: World) -> list[Route]:
        self.carrier = simulated.Carrier(world, Patients(world), Nowhere())
        return simulated.routes(self.carrier)

    def begin(self, at: Partner) -> None:
        self.partner = at
        self.messenger = EndUserMessaging(sms_client(f"{at.url}/carrier"), NUMBER)

    def sent(self) -> list[tuple[str, str]]:
        messages = httpx.get(f"{self.partner.url}/carrier/messages").json()
        return [(m["body"], m["reference"]) for m in messages]

    def opt_out(self, number: str) -> None:
        asyncio.run(self.carrier.reply(number, "STOP", "some-message"))

    def turn(self, mode: str) -> None:
        self.partner.world.mode["carrier"] = mode


@pytest.fixture
def sdk_side() -> Iterator[SdkSide]:
    side = SdkSide()
    with partner("carrier", side.routes) as at:
        side.begin(at)
        yield side


@pytest.fixture(params=["memory", "sdk"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: SdkSide = request.getfixturevalue("sdk_side")
    return side


def test_a_message_is_sent_with_its_mark(side: Side) -> None:
    assert side.messenger.send_sms(a_message()) == 1

    assert side.sent() == [("Reply YES to go ahead", "r1-c1")]


@pytest.mark.parametrize(("body", "parts"), [("a" * 161, 2), ("í" * 71, 2), ("a" * 1600, 11)])
def test_the_parts_of_a_long_message_are_counted(side: Side, body: str, parts: int) -> None:
    assert side.messenger.send_sms(a_message(body=body)) == parts


def test_sending_twice_sends_two_messages(side: Side) -> None:
    side.messenger.send_sms(a_message())
    side.messenger.send_sms(a_message())

    assert len(side.sent()) == 2


def test_a_number_that_opted_out_gets_nothing_more(side: Side) -> None:
    side.opt_out(PHONE)

    with pytest.raises(Final):
        side.messenger.send_sms(a_message())
    side.messenger.send_sms(a_message(to=OTHER))

    assert len(side.sent()) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"to": ""},
        {"to": "508 555 0131"},
        {"to": "+0123"},
        {"to": "+1" + "5" * 30},
        {"body": ""},
        {"body": "   "},
        {"body": "x" * 1601},
    ],
)
def test_what_cannot_be_a_message_is_final(side: Side, fields: dict[str, str]) -> None:
    with pytest.raises(Final):
        side.messenger.send_sms(a_message(**fields))

    assert side.sent() == []


def test_a_carrier_that_is_away_has_surely_not_sent(side: Side) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        side.messenger.send_sms(a_message())
    assert side.sent() == []

    side.turn("up")

    side.messenger.send_sms(a_message())
    assert len(side.sent()) == 1


def test_an_identity_that_is_not_ours_is_final(sdk_side: SdkSide) -> None:
    client = sms_client(f"{sdk_side.partner.url}/carrier")

    with pytest.raises(Final, match="ResourceNotFoundException"):
        EndUserMessaging(client, "+15085559999").send_sms(a_message())


def test_the_call_is_transactional_and_carries_no_phi_in_its_context(sdk_side: SdkSide) -> None:
    sdk_side.messenger.send_sms(a_message())

    (call,) = sdk_side.partner.received
    assert call["body"] == {
        "DestinationPhoneNumber": PHONE,
        "OriginationIdentity": NUMBER,
        "MessageBody": "Reply YES to go ahead",
        "MessageType": "TRANSACTIONAL",
        "Context": {"reference": "r1-c1"},
    }
