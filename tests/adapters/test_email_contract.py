"""One contract of email, two sides: in memory, and SES as moto has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from referral_core.adapters.aws.ses import SesEmail
from referral_core.adapters.memory.partners import MemoryMessenger
from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message
from referral_core.ports.lifecycle import Messenger
from tests.adapters.messages import a_message
from tests.adapters.sms_client import email_client

SENDER, PATIENT = "referrals@lakeside.example", "pat@example.org"


def an_email(**fields: str) -> Message:
    letter = {"subject": "Please contact Lakeside Care", "body": "Llámenos al 508-555-0101.\n"}
    return a_message(channel="email", **{"to": PATIENT, **letter, **fields})


class Side(Protocol):
    messenger: Messenger

    def sent(self) -> list[tuple[str, str, str]]:
        """Return address, subject and body of every email sent."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryMessenger()
        self.messenger: Messenger = self.memory

    def sent(self) -> list[tuple[str, str, str]]:
        return [(m.to, m.subject or "", m.body) for m in self.memory.sent]


class SesSide:
    def __init__(self) -> None:
        client = email_client()
        client.create_email_identity(EmailIdentity=SENDER)
        self.messenger: Messenger = SesEmail(client, SENDER)

    def sent(self) -> list[tuple[str, str, str]]:
        messages = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
        assert all(m.source == SENDER for m in messages)
        return [(m.destinations["ToAddresses"][0], m.subject, m.body) for m in messages]


@pytest.fixture
def ses_side() -> Iterator[SesSide]:
    with mock_aws():
        yield SesSide()


@pytest.fixture(params=["memory", "ses"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: SesSide = request.getfixturevalue("ses_side")
    return side


def test_an_email_says_what_it_is_told_to(side: Side) -> None:
    assert side.messenger.send(an_email()) == 1

    assert side.sent() == [(PATIENT, "Please contact Lakeside Care", "Llámenos al 508-555-0101.\n")]


def test_sending_twice_sends_two_emails(side: Side) -> None:
    side.messenger.send(an_email())
    side.messenger.send(an_email())

    assert len(side.sent()) == 2


@pytest.mark.parametrize("address", ["", "pat", "@example.org", "pat@"])
def test_what_is_no_address_is_final(side: Side, address: str) -> None:
    with pytest.raises(Permanent):
        side.messenger.send(an_email(to=address))

    assert side.sent() == []


def test_a_sender_that_is_not_verified_is_final(ses_side: SesSide) -> None:
    del ses_side

    with pytest.raises(Permanent, match="MessageRejected"):
        SesEmail(email_client(), "somebody@elsewhere.example").send(an_email())


def test_nothing_else_is_sent_by_email(ses_side: SesSide) -> None:
    with pytest.raises(Permanent):
        ses_side.messenger.send(a_message(to=PATIENT))

    assert ses_side.sent() == []


def test_the_request_names_no_address_to_reply_to_and_is_marked_without_phi(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = email_client("http://127.0.0.1:9")
    asked: dict[str, object] = {}

    def send_email(**request: object) -> dict[str, str]:
        asked.update(request)
        return {"MessageId": "1"}

    monkeypatch.setattr(client, "send_email", send_email)

    SesEmail(client, SENDER).send(an_email())

    assert set(asked) == {"FromEmailAddress", "Destination", "Content", "EmailTags"}
    assert asked["Destination"] == {"ToAddresses": [PATIENT]}
    assert asked["EmailTags"] == [{"Name": "reference", "Value": "r1-c1"}]
