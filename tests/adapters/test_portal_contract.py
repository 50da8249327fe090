"""One contract of portal messages, two EHRs: in memory, and the simulated one over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from local.partners.ehr import endpoint as simulated
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.http.portal import PortalMessages
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryEhr
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.directory import EhrSystem
from referral_core.domain.errors import NotFound, Permanent, Retryable
from referral_core.domain.messages import Message
from referral_core.ports.lifecycle import Ehr
from tests.adapters.messages import a_message
from tests.adapters.still_world import Partner, partner
from tests.unit.builders import NOW, TENANT


def a_portal_message(**fields: Any) -> Message:
    base = {"to": "lakeside-ehr", "patient": {"reference": "Patient/7"}, "subject": "Please call"}
    return a_message(channel="portal", **{**base, **fields})


def over(ehr: Ehr, url: str) -> PortalMessages:
    system = EhrSystem(
        tenant=TENANT, id="lakeside-ehr", name="EHR", notices_url=url, secret="partners"
    )
    return PortalMessages(ehr, MemoryDirectory(MemoryReferrals(), [system]), ManualClock(NOW))


class Side(Protocol):
    messenger: PortalMessages

    def received(self) -> dict[str, str]:
        """Return the words that the EHR shows, by reference."""

    def turn(self, mode: str) -> None:
        """Make the EHR `up`, `down` or, where it can, refusing."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryEhr()
        self.messenger = over(self.memory, "https://ehr.example.org")

    def received(self) -> dict[str, str]:
        return {reference: message.body for reference, message in self.memory.shown.items()}

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class HttpSide:
    def __init__(self, at: Partner) -> None:
        self.partner = at
        self.http = HttpEhr(HttpClient(lambda _: "token"), "https://api.example.org")
        self.messenger = over(self.http, f"{at.url}/ehr")

    def received(self) -> dict[str, str]:
        return {name: c["payload"][0]["contentString"] for name, c in self.taken().items()}

    def taken(self) -> dict[str, dict[str, Any]]:
        """Return the Communications that the EHR holds, by id."""
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


def test_a_message_is_shown_under_its_reference(side: Side) -> None:
    assert side.messenger.send(a_portal_message()) == 1

    assert side.received() == {"r1-c1": "Reply YES to go ahead"}


def test_a_message_is_for_the_patient_of_the_order(http_side: HttpSide) -> None:
    http_side.messenger.send(a_portal_message())

    (communication,) = http_side.taken().values()
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

    with pytest.raises(Permanent):
        side.messenger.send(a_portal_message())


def test_an_ehr_that_nobody_knows_is_final(side: Side) -> None:
    with pytest.raises(NotFound):
        side.messenger.send(a_portal_message(to="another-ehr"))


def test_nothing_else_goes_to_a_portal(side: Side) -> None:
    with pytest.raises(Permanent, match="sms"):
        side.messenger.send(a_message())

    assert side.received() == {}
