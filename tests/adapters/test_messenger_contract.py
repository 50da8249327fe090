"""One carrier contract, two sides: in memory, and the AWS SDK against the simulated carrier.

Texts, calls, and the carrier's opt-out list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Protocol

import httpx
import pytest
from starlette.routing import Route

from local.partners.carrier import endpoint as simulated
from local.partners.carrier.endpoint import NUMBER, OPT_OUT_LIST
from local.partners.carrier.patients import Patients
from local.partners.world import World
from referral_core.adapters.aws.end_user_messaging import EndUserMessaging
from referral_core.adapters.aws.opt_out_list import CarrierOptOuts
from referral_core.adapters.memory.partners import MemoryMessenger, MemoryOptOuts
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.outreach.plan import LANGUAGES
from referral_core.ports.lifecycle import Messenger, OptOuts
from tests.adapters.messages import a_message
from tests.adapters.sms_client import sms_client
from tests.adapters.still_world import Partner, partner

PHONE, OTHER = "+15085550131", "+15085550132"
BY_PHONE = ["sms", "voice"]


class Side(Protocol):
    messenger: Messenger
    opt_outs: OptOuts

    def sent(self) -> list[tuple[str, str, str]]:
        """Return channel, body and reference of every message sent."""

    def stop(self, number: str) -> None:
        """Let a patient write STOP, which the carrier itself understands."""

    def turn(self, mode: str) -> None:
        """Make the carrier `up` or `down`."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryMessenger()
        self.messenger: Messenger = self.memory
        self.list = MemoryOptOuts(self.memory)
        self.opt_outs: OptOuts = self.list

    def sent(self) -> list[tuple[str, str, str]]:
        return [(m.channel, m.body, m.reference) for m in self.memory.sent]

    def stop(self, number: str) -> None:
        self.memory.opted_out.add(number)

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]
        self.list.mode = mode  # type: ignore[assignment]


class Nowhere:
    async def publish(self, message: str) -> None:
        """Publish to nobody."""


class SdkSide:
    def __init__(self) -> None:
        self.carrier: simulated.Carrier
        self.partner: Partner
        self.messenger: Messenger
        self.opt_outs: OptOuts

    def routes(self, world: World) -> list[Route]:
        self.carrier = simulated.Carrier(world, Patients(world), Nowhere())
        return simulated.routes(self.carrier)

    def begin(self, at: Partner) -> None:
        self.partner = at
        client = sms_client(f"{at.url}/carrier")
        self.messenger = EndUserMessaging(client, NUMBER)
        self.opt_outs = CarrierOptOuts(client, OPT_OUT_LIST)

    def sent(self) -> list[tuple[str, str, str]]:
        messages = httpx.get(f"{self.partner.url}/carrier/messages").json()
        return [(m["channel"], m["body"], m["reference"]) for m in messages]

    def stop(self, number: str) -> None:
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


@pytest.mark.parametrize("channel", BY_PHONE)
def test_a_message_is_sent_with_its_mark(side: Side, channel: str) -> None:
    assert side.messenger.send(a_message(channel=channel)) == 1

    assert side.sent() == [(channel, "Reply YES to go ahead", "r1-c1")]


@pytest.mark.parametrize(("body", "parts"), [("a" * 161, 2), ("í" * 71, 2), ("a" * 1600, 11)])
def test_the_parts_of_a_long_message_are_counted(side: Side, body: str, parts: int) -> None:
    assert side.messenger.send(a_message(body=body)) == parts


def test_a_spoken_message_counts_as_one_call_however_long(side: Side) -> None:
    assert side.messenger.send(a_message(channel="voice", body="a" * 3000)) == 1


@pytest.mark.parametrize("channel", BY_PHONE)
def test_sending_twice_sends_two_messages(side: Side, channel: str) -> None:
    side.messenger.send(a_message(channel=channel))
    side.messenger.send(a_message(channel=channel))

    assert len(side.sent()) == 2


@pytest.mark.parametrize("channel", BY_PHONE)
def test_a_number_that_wrote_stop_gets_nothing_more(side: Side, channel: str) -> None:
    side.stop(PHONE)

    with pytest.raises(Permanent):
        side.messenger.send(a_message(channel=channel))
    side.messenger.send(a_message(channel=channel, to=OTHER))

    assert len(side.sent()) == 1


@pytest.mark.parametrize("channel", BY_PHONE)
def test_a_number_that_we_list_gets_nothing_more(side: Side, channel: str) -> None:
    side.opt_outs.add(PHONE)

    with pytest.raises(Permanent):
        side.messenger.send(a_message(channel=channel))
    side.messenger.send(a_message(channel=channel, to=OTHER))

    assert len(side.sent()) == 1


def test_listing_a_number_twice_is_listing_it_once(side: Side) -> None:
    side.stop(PHONE)
    side.opt_outs.add(PHONE)
    side.opt_outs.add(PHONE)

    with pytest.raises(Permanent):
        side.messenger.send(a_message())


@pytest.mark.parametrize("number", ["", "508 555 0131", "+0123"])
def test_what_is_no_number_cannot_be_listed(side: Side, number: str) -> None:
    with pytest.raises(Permanent):
        side.opt_outs.add(number)


def test_a_carrier_that_is_away_lists_the_number_later(side: Side) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        side.opt_outs.add(PHONE)

    side.turn("up")

    side.opt_outs.add(PHONE)
    with pytest.raises(Permanent):
        side.messenger.send(a_message())


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
        {"channel": "voice", "to": ""},
        {"channel": "voice", "body": " "},
        {"channel": "voice", "body": "x" * 3001},
    ],
)
def test_what_cannot_be_a_message_is_final(side: Side, fields: dict[str, str]) -> None:
    with pytest.raises(Permanent):
        side.messenger.send(a_message(**fields))

    assert side.sent() == []


@pytest.mark.parametrize("channel", BY_PHONE)
def test_a_carrier_that_is_away_has_surely_not_sent(side: Side, channel: str) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        side.messenger.send(a_message(channel=channel))
    assert side.sent() == []

    side.turn("up")

    side.messenger.send(a_message(channel=channel))
    assert len(side.sent()) == 1


def test_an_identity_that_is_not_ours_is_final(sdk_side: SdkSide) -> None:
    client = sms_client(f"{sdk_side.partner.url}/carrier")

    with pytest.raises(Permanent, match="ResourceNotFoundException"):
        EndUserMessaging(client, "+15085559999").send(a_message())


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_a_tenant_with_a_number_of_its_own_sends_from_it(sdk_side: SdkSide, channel: str) -> None:
    client = sms_client(f"{sdk_side.partner.url}/carrier")

    EndUserMessaging(client, "+15085559999").send(a_message(channel=channel, sender=NUMBER))

    (call,) = sdk_side.partner.received
    assert call["body"]["OriginationIdentity"] == NUMBER


def test_a_list_that_is_not_there_is_tried_again(sdk_side: SdkSide) -> None:
    client = sms_client(f"{sdk_side.partner.url}/carrier")

    with pytest.raises(Retryable, match="ResourceNotFoundException"):
        CarrierOptOuts(client, "Elsewhere").add(PHONE)


def test_the_call_is_transactional_and_carries_no_phi_in_its_context(sdk_side: SdkSide) -> None:
    sdk_side.messenger.send(a_message())

    (call,) = sdk_side.partner.received
    assert call["body"] == {
        "DestinationPhoneNumber": PHONE,
        "OriginationIdentity": NUMBER,
        "MessageBody": "Reply YES to go ahead",
        "MessageType": "TRANSACTIONAL",
        "Context": {"reference": "r1-c1"},
    }


@pytest.mark.parametrize(("language", "voice"), [("en", "JOANNA"), ("es", "LUPE")])
def test_a_message_is_spoken_by_a_voice_of_its_language(
    sdk_side: SdkSide, language: str, voice: str
) -> None:
    sdk_side.messenger.send(a_message(channel="voice", language=language))

    (call,) = sdk_side.partner.received
    assert call["body"] == {
        "DestinationPhoneNumber": PHONE,
        "OriginationIdentity": NUMBER,
        "MessageBody": "Reply YES to go ahead",
        "MessageBodyTextType": "TEXT",
        "VoiceId": voice,
        "Context": {"reference": "r1-c1"},
    }


def test_every_language_that_messages_are_written_in_has_a_voice(sdk_side: SdkSide) -> None:
    for language in LANGUAGES:
        assert sdk_side.messenger.send(a_message(channel="voice", language=language)) == 1
