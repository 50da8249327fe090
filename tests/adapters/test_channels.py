"""The dispatcher: each message goes to its channel, and a call to nobody."""

from __future__ import annotations

import pytest

from referral_core.adapters.channels import Channels
from referral_core.adapters.memory.partners import MemoryMessenger
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.outreach.plan import METERED
from tests.adapters.messages import a_message

ADDRESS = {"sms": "+15085550131", "voice": "+15085550131", "email": "pat@example.org"}


def test_each_message_goes_to_the_messenger_of_its_channel() -> None:
    sending = {c: MemoryMessenger() for c in METERED if c != "call"}
    channels = Channels(sending)

    for channel in sending:
        to = ADDRESS.get(channel, "somewhere")
        assert channels.send(a_message(channel=channel, to=to)) == 1

    assert [[m.channel for m in sent.sent] for sent in sending.values()] == [[c] for c in sending]


def test_the_units_are_the_messengers() -> None:
    assert Channels({"sms": MemoryMessenger()}).send(a_message(body="a" * 161)) == 2


@pytest.mark.parametrize("channel", ["voice", "call"])
def test_what_has_no_messenger_is_not_sent(channel: str) -> None:
    with pytest.raises(Permanent, match=channel):
        Channels({"sms": MemoryMessenger()}).send(a_message(channel=channel))


def test_nobody_may_send_calls() -> None:
    with pytest.raises(ValueError, match="staff"):
        Channels({"call": MemoryMessenger()})


def test_a_channel_that_is_away_is_away() -> None:
    messenger = MemoryMessenger()
    messenger.mode = "down"

    with pytest.raises(Retryable):
        Channels({"sms": messenger}).send(a_message())
