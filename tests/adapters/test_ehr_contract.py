"""One EHR contract, two sides: in memory, and over HTTP against the simulated EHR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from local.partners.ehr import endpoint as simulated
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.memory.partners import MemoryEhr
from referral_core.domain.directory import EhrSystem
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.referral import Notice, NoticeTopic
from referral_core.fhir.outbound.portal_messages import portal_message
from referral_core.fhir.outbound.responses import notice_communication
from referral_core.ports.lifecycle import Ehr
from tests.adapters.messages import a_message
from tests.adapters.still_world import Partner, partner
from tests.unit.builders import NOW, TENANT, a_referral


def a_system(notices_url: str = "https://ehr.example.org/fhir") -> EhrSystem:
    return EhrSystem(
        tenant=TENANT, id="main-ehr", name="EHR", notices_url=notices_url, secret="ehr-token"
    )


NOTICE = Notice(number=1, outcome=Outcome.COMPLETED_REPORT_ACKNOWLEDGED, queued_at=NOW)
MESSAGE = a_message(channel="portal", to="main-ehr", patient={"reference": "Patient/7"})


class Side(Protocol):
    ehr: Ehr
    system: EhrSystem

    def notices(self) -> list[str]:
        """Return the ids of the notices taken."""

    def shown(self) -> list[str]:
        """Return the references of the messages shown."""

    def turn(self, mode: str) -> None:
        """Make the EHR `up`, `down`, or one that `refuses`."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryEhr()
        self.ehr: Ehr = self.memory
        self.system = a_system()

    def notices(self) -> list[str]:
        return list(self.memory.notices)

    def shown(self) -> list[str]:
        return list(self.memory.shown)

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class HttpSide:
    def __init__(self, simulated_ehr: Partner) -> None:
        self.ehr: Ehr = HttpEhr(
            HttpClient(lambda name: f"token-of-{name}"), "https://api.example.org/"
        )
        self.partner = simulated_ehr
        self.system = a_system(f"{simulated_ehr.url}/ehr")

    def notices(self) -> list[str]:
        return [name for name in self.taken() if ".n" in name]

    def shown(self) -> list[str]:
        return [name for name in self.taken() if ".n" not in name]

    def taken(self) -> dict[str, Any]:
        """Return the Communication last taken under each id."""
        taken = [e["body"] for e in self.partner.received if e["status"] in {200, 201}]
        return {communication["id"]: communication for communication in taken}

    def turn(self, mode: str) -> None:
        if mode == "refuses":
            self.system = a_system(f"{self.partner.url}/ehr/elsewhere")
        else:
            self.partner.world.mode["ehr"] = mode


@pytest.fixture
def http_side() -> Iterator[HttpSide]:
    with partner("ehr", simulated.routes) as simulated_ehr:
        yield HttpSide(simulated_ehr)


@pytest.fixture(params=["memory", "http"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: HttpSide = request.getfixturevalue("http_side")
    return side


def notify(side: Side, notice: Notice = NOTICE) -> None:
    side.ehr.notify(side.system, a_referral(notices=(notice,)), notice)


def show(side: Side) -> None:
    side.ehr.show(side.system, MESSAGE, NOW)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_notice_is_taken(side: Side, outcome: Outcome) -> None:
    notify(side, NOTICE.but(outcome=outcome))

    assert side.notices() == ["r1.n1"]


@pytest.mark.parametrize("topic", [t for t in NoticeTopic if t is not NoticeTopic.CLOSURE])
def test_a_notice_on_every_other_topic_is_taken(side: Side, topic: NoticeTopic) -> None:
    notify(side, Notice(number=1, topic=topic, queued_at=NOW))

    assert side.notices() == ["r1.n1"]


def test_what_comes_again_overwrites_itself(side: Side) -> None:
    for _ in range(2):
        notify(side)
        show(side)

    assert (side.notices(), side.shown()) == (["r1.n1"], ["r1-c1"])


def test_an_ehr_that_is_down_is_worth_a_retry(side: Side) -> None:
    side.turn("down")
    for deliver in (notify, show):
        with pytest.raises(Retryable):
            deliver(side)

    side.turn("up")

    notify(side)
    show(side)
    assert (side.notices(), side.shown()) == (["r1.n1"], ["r1-c1"])


def test_an_ehr_that_refuses_is_permanent(side: Side) -> None:
    side.turn("refuses")

    for deliver in (notify, show):
        with pytest.raises(Permanent):
            deliver(side)


def test_a_notice_is_a_communication_at_its_id(http_side: HttpSide) -> None:
    http_side.system = a_system(f"{http_side.partner.url}/ehr/")

    notify(http_side)

    assert [(e["method"], e["path"]) for e in http_side.partner.received] == [
        ("PUT", "/ehr/Communication/r1.n1")
    ]
    referral = a_referral(notices=(NOTICE,))
    expected = notice_communication(referral, NOTICE, "https://api.example.org/fhir")
    assert http_side.taken() == {"r1.n1": expected}


def test_a_message_is_a_communication_at_its_reference(http_side: HttpSide) -> None:
    show(http_side)

    assert [(e["method"], e["path"]) for e in http_side.partner.received] == [
        ("PUT", "/ehr/Communication/r1-c1")
    ]
    assert http_side.taken() == {"r1-c1": portal_message(MESSAGE, NOW)}
