"""One EHR contract, two sides: in memory, and over HTTP against the simulated EHR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from local.partners import ehr as simulated
from referral_core.adapters.ehr import HttpEhr
from referral_core.adapters.http import HttpClient
from referral_core.adapters.memory_partners import MemoryEhr
from referral_core.domain.errors import Final, Retryable
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.network import EhrSystem
from referral_core.domain.referral import Notice
from referral_core.fhir.resources import notice_communication
from referral_core.ports import Ehr
from tests.adapters.still_world import Partner, partner
from tests.unit.builders import NOW, TENANT, a_referral


def a_system(notices_url: str = "https://ehr.example.org/fhir") -> EhrSystem:
    return EhrSystem(
        tenant=TENANT, id="main-ehr", name="EHR", notices_url=notices_url, secret="ehr-token"
    )


def a_notice(outcome: Outcome = Outcome.COMPLETED_REPORT_ACKNOWLEDGED) -> dict[str, Any]:
    notice = Notice(number=1, outcome=outcome, queued_at=NOW)
    return notice_communication(
        a_referral(notices=(notice,)), notice, "https://api.example.org/fhir"
    )


class Side(Protocol):
    ehr: Ehr
    system: EhrSystem

    def notices(self) -> dict[str, Any]:
        """Return the notice last taken under each id."""

    def turn(self, mode: str) -> None:
        """Make the EHR `up`, `down`, or one that `refuses`."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryEhr()
        self.ehr: Ehr = self.memory
        self.system = a_system()

    def notices(self) -> dict[str, Any]:
        return {name: json.loads(body) for name, body in self.memory.notices.items()}

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class HttpSide:
    def __init__(self, simulated_ehr: Partner) -> None:
        self.ehr: Ehr = HttpEhr(HttpClient(lambda name: f"token-of-{name}"))
        self.partner = simulated_ehr
        self.system = a_system(f"{simulated_ehr.url}/ehr")

    def notices(self) -> dict[str, Any]:
        taken = [e["body"] for e in self.partner.received if e["status"] in {200, 201}]
        return {notice["id"]: notice for notice in taken}

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


def deliver(side: Side, notice: dict[str, Any], notice_id: str = "r1.n1") -> None:
    side.ehr.deliver(side.system, notice_id, json.dumps(notice).encode())


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_notice_is_taken(side: Side, outcome: Outcome) -> None:
    notice = a_notice(outcome)

    deliver(side, notice)

    assert side.notices() == {"r1.n1": notice}


def test_a_notice_that_comes_again_overwrites_itself(side: Side) -> None:
    deliver(side, a_notice())
    deliver(side, a_notice())

    assert list(side.notices()) == ["r1.n1"]


def test_an_ehr_that_is_down_is_worth_a_retry(side: Side) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        deliver(side, a_notice())

    side.turn("up")

    deliver(side, a_notice())
    assert list(side.notices()) == ["r1.n1"]


def test_an_ehr_that_refuses_is_final(side: Side) -> None:
    side.turn("refuses")

    with pytest.raises(Final):
        deliver(side, a_notice())


def test_a_notice_under_another_id_is_refused(side: Side) -> None:
    with pytest.raises(Final):
        deliver(side, a_notice(), "r1.n2")


def test_a_notice_is_put_at_its_id(http_side: HttpSide) -> None:
    http_side.system = a_system(f"{http_side.partner.url}/ehr/")

    deliver(http_side, a_notice())

    assert [(e["method"], e["path"]) for e in http_side.partner.received] == [
        ("PUT", "/ehr/Communication/r1.n1")
    ]
