"""One contract of portal messages, two EHRs: in memory, and the simulated one over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from local.partners import ehr as simulated
from referral_core.adapters.clock import HandClock
from referral_core.adapters.ehr import HttpEhr
from referral_core.adapters.http import HttpClient
from referral_core.adapters.memory import MemoryDirectory, MemoryReferrals
from referral_core.adapters.memory_partners import MemoryEhr
from referral_core.adapters.portal import PortalMessages
from referral_core.domain.errors import Final, NotFound, Retryable
from referral_core.domain.network import EhrSystem
from referral_core.ports import Ehr, Message
from tests.adapters.messages import a_message
from tests.adapters.still_world import Partner, partner
from tests.unit.builders import NOW, TENANT


def a_portal_message(**fields: Any) -> Message:
    said = {"to": "lakeside-ehr", "patient": {"reference": "Patient/7"}, "subject": "Please call"}
    return a_message(channel="portal", **{**said, **fields})


def over(ehr: Ehr, url: str) -> PortalMessages:
    system = EhrSystem(
        tenant=TENANT, id="lakeside-ehr", name="EHR", notices_url=url, secret="partners"
    )
    return PortalMessages(ehr, MemoryDirectory(MemoryReferrals(), [system]), HandClock(NOW))


class Side(Protocol):
    messenger: PortalMessages

    def received(self) -> dict[str, dict[str, Any]]:
        """Return the Communications that the EHR holds, by id."""

    def turn(self, mode: str) -> None:
        """Make the EHR `up`, `down` or, where it can, refusing."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryEhr()
        self.messenger = over(self.memory, "https://ehr.example.org")

    def received(self) -> dict[str, dict[str, Any]]:
        return {name: json.loads(body) for name, body in self.memory.notices.items()}

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class HttpSide:
    def __init__(self, at: Partner) -> None:
        self.partner = at
        self.http = HttpEhr(HttpClient(lambda _: "token"))
        self.messenger = over(self.http, f"{at.url}/ehr")

    def received(self) -> dict[str, dict[str, Any]]:
        taken = [e["body"] for e in self.partner.received if e["status"] in {200, 201}]
        return {resource["id"]: resource for resource in taken}

    def turn(self, mode: str) -> None:
        if mode == "refuses":
            self.messenger = over(self.http, f"{self.partner.url}/ehr/elsewhere")
        else:
            self.partner.world.mode["ehr"] = mode


@pytest.fixture
def http_side() -> Iterator[HttpSide]:
    with partner("ehr", simulated.routes) as at:
        yield HttpSide(at)


@pytest.fixture(params=["memory", "http"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: HttpSide = request.getfixturevalue("http_side")
    return side


def test_a_message_is_put_under_its_reference(side: Side) -> None:
    assert side.messenger.send(a_portal_message()) == 1

    (communication,) = side.received().values()
    assert communication["id"] == "r1-c1"
    assert communication["recipient"] == [{"reference": "Patient/7"}]
    assert communication["payload"] == [{"contentString": "Reply YES to go ahead"}]


def test_sending_twice_is_sending_once(side: Side) -> None:
    side.messenger.send(a_portal_message())
    side.messenger.send(a_portal_message())

    assert list(side.received()) == ["r1-c1"]


def test_an_ehr_that_is_down_is_worth_a_retry(side: Side) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        side.messenger.send(a_portal_message())

    side.turn("up")

    side.messenger.send(a_portal_message())
    assert list(side.received()) == ["r1-c1"]


def test_an_ehr_that_refuses_is_final(side: Side) -> None:
    side.turn("refuses")

    with pytest.raises(Final):
        side.messenger.send(a_portal_message())


def test_an_ehr_that_nobody_knows_is_final(side: Side) -> None:
    with pytest.raises(NotFound):
        side.messenger.send(a_portal_message(to="another-ehr"))


def test_nothing_else_goes_to_a_portal(side: Side) -> None:
    with pytest.raises(Final, match="sms"):
        side.messenger.send(a_message())

    assert side.received() == {}
