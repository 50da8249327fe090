"""One payer contract, two sides: in memory, and over HTTP against the simulated payer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import pytest
from starlette.applications import Starlette

from local.partners.payer import endpoint as simulated
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.payer import HttpEligibility, HttpPriorAuth
from referral_core.adapters.memory.payer import MemoryPayer, PayerScript
from referral_core.domain.directory import Payer
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.fhir.pas.response import read_claim_response
from referral_core.ports.lifecycle import Clock, Eligibility, PriorAuth
from tests.adapters.loopback import served
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request, an_inquiry

SCRIPTS: dict[str, PayerScript] = {
    "happy": PayerScript(),
    "inactive": PayerScript(eligibility="inactive"),
    "unclear": PayerScript(eligibility="unclear"),
    "free": PayerScript(authorization="not-required"),
    "denied": PayerScript(authorization="A3"),
    "partial": PayerScript(authorization="A2"),
    "later-yes": PayerScript(authorization="A4-then-A1"),
    "later-no": PayerScript(authorization="A4-then-A3"),
    "hiccup": PayerScript(eligibility="down-once", authorization="down-once"),
    "down": PayerScript(eligibility="down", authorization="down"),
}


class Side(Protocol):
    """A payer with both ports, and a way to let it decide what it pended."""

    payer: Payer
    eligibility: Eligibility
    prior_auth: PriorAuth

    def decide(self, trace: str) -> AuthorizationResponse:
        """Let the payer decide a pended request; return what it tells us."""


class FixedClock(Clock):
    def now(self) -> datetime:
        return SENT_AT

    def grace(self) -> timedelta:
        return timedelta(minutes=5)


@dataclass
class MemorySide:
    payer: Payer = field(default_factory=a_payer)

    def __post_init__(self) -> None:
        self.eligibility = self.prior_auth = self._memory = MemoryPayer(SCRIPTS)

    def decide(self, trace: str) -> AuthorizationResponse:
        return self._memory.decide(trace)


@dataclass
class ScriptedWorld:
    """A world in which later is when the test says so."""

    pending: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    delays: list[timedelta] = field(default_factory=list)
    posted: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    mode: dict[str, str] = field(default_factory=dict)

    async def script_for(self, trace: str) -> Mapping[str, Any]:
        return SCRIPTS[trace.rpartition("-")[0]]._asdict()

    def now(self) -> datetime:
        return SENT_AT

    def later(self, delay: timedelta, act: Coroutine[Any, Any, None]) -> None:
        self.delays.append(delay)
        self.pending.append(act)

    async def sleep(self, delay: timedelta) -> None:
        self.delays.append(delay)

    async def post_as(self, client: str, path: str, body: Mapping[str, Any]) -> int:
        self.posted.append((client, path, body))
        return self.statuses.pop(0) if self.statuses else 200


@dataclass
class HttpSide:
    payer: Payer
    world: ScriptedWorld

    def __post_init__(self) -> None:
        http = HttpClient(lambda name: f"token-of-{name}")
        self.eligibility = HttpEligibility(http, FixedClock())
        self.prior_auth = HttpPriorAuth(http)

    def decide(self, trace: str) -> AuthorizationResponse:
        if self.world.pending:
            asyncio.run(self._decide())
            _, _, body = self.world.posted[-1]
            return read_claim_response(body, trace=trace)
        return self.prior_auth.submit(self.payer, an_authorization_request(trace=trace))

    async def _decide(self) -> None:
        await self.world.pending.pop(0)


@pytest.fixture
def http_side() -> Iterator[HttpSide]:
    world = ScriptedWorld()
    with served(Starlette(routes=simulated.routes(world))) as base_url:
        yield HttpSide(a_payer(base_url), world)
    for act in world.pending:
        act.close()


@pytest.fixture(params=["memory", "http"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: HttpSide = request.getfixturevalue("http_side")
    return side


def test_an_active_member_is_told_with_what_routing_needs(side: Side) -> None:
    answer = side.eligibility.check(side.payer, an_inquiry(trace="happy-e2"))

    assert answer.verdict is EligibilityVerdict.ACTIVE
    assert answer.authorization_required is True
    assert answer.in_network is True
    assert answer.reject_reason is None


def test_a_service_that_needs_no_authorization_is_told_so(side: Side) -> None:
    answer = side.eligibility.check(side.payer, an_inquiry(trace="free-e2"))

    assert answer.verdict is EligibilityVerdict.ACTIVE
    assert answer.authorization_required is False


def test_what_the_payer_sent_comes_along_as_evidence(side: Side) -> None:
    answers = [
        side.eligibility.check(side.payer, an_inquiry(trace="happy-e2")),
        side.eligibility.check(side.payer, an_inquiry(trace="unclear-e2")),
        side.prior_auth.submit(side.payer, a_request("happy")),
        side.prior_auth.submit(side.payer, a_request("denied")),
    ]

    assert all(answer.source for answer in answers)
    assert len({answer.source for answer in answers}) == len(answers)


def test_an_inactive_member_is_told(side: Side) -> None:
    answer = side.eligibility.check(side.payer, an_inquiry(trace="inactive-e2"))

    assert answer.verdict is EligibilityVerdict.INACTIVE
    assert answer.authorization_required is None


def test_a_member_whom_the_payer_cannot_find_is_unclear_and_not_inactive(side: Side) -> None:
    answer = side.eligibility.check(side.payer, an_inquiry(trace="unclear-e2"))

    assert (answer.verdict, answer.reject_reason) == (EligibilityVerdict.UNCLEAR, "75")


def test_without_member_id_nobody_is_found(side: Side) -> None:
    answer = side.eligibility.check(side.payer, an_inquiry(trace="happy-e2", member_id=""))

    assert (answer.verdict, answer.reject_reason) == (EligibilityVerdict.UNCLEAR, "72")


def test_asking_for_eligibility_again_gets_the_same_answer(side: Side) -> None:
    inquiry = an_inquiry(trace="happy-e2")

    first = side.eligibility.check(side.payer, inquiry)

    assert side.eligibility.check(side.payer, inquiry) == first


def test_a_payer_that_is_down_once_answers_the_second_time(side: Side) -> None:
    with pytest.raises(Retryable):
        side.eligibility.check(side.payer, an_inquiry(trace="hiccup-e2"))
    answer = side.eligibility.check(side.payer, an_inquiry(trace="hiccup-e3"))
    assert answer.verdict is EligibilityVerdict.ACTIVE

    with pytest.raises(Retryable):
        side.prior_auth.submit(side.payer, a_request("hiccup"))
    decision = side.prior_auth.submit(side.payer, a_request("hiccup"))
    assert decision.verdict is AuthorizationVerdict.APPROVED


def test_a_payer_that_stays_down_is_always_worth_a_retry(side: Side) -> None:
    for _ in range(3):
        with pytest.raises(Retryable):
            side.eligibility.check(side.payer, an_inquiry(trace="down-e2"))
        with pytest.raises(Retryable):
            side.prior_auth.submit(side.payer, a_request("down"))


@pytest.mark.parametrize(
    ("referral_id", "verdict", "action"),
    [
        ("happy", AuthorizationVerdict.APPROVED, "A1"),
        ("denied", AuthorizationVerdict.DENIED, "A3"),
        ("partial", AuthorizationVerdict.NEEDS_REVIEW, "A2"),
        ("later-yes", AuthorizationVerdict.PENDED, "A4"),
        ("free", AuthorizationVerdict.NOT_REQUIRED, "NA"),
    ],
)
def test_the_answer_to_a_request_is_the_payers_review_action(
    side: Side, referral_id: str, verdict: AuthorizationVerdict, action: str
) -> None:
    answer = side.prior_auth.submit(side.payer, a_request(referral_id))

    assert (answer.verdict, answer.review_action) == (verdict, action)
    assert answer.trace == f"{referral_id}-a3"


def test_an_approval_brings_its_number_and_its_dates(side: Side) -> None:
    answer = side.prior_auth.submit(side.payer, a_request("happy"))

    assert answer.number is not None
    assert answer.number.startswith("AUTH")
    assert (answer.valid_from, answer.valid_to) == (date(2026, 3, 2), date(2026, 5, 31))


def test_a_denial_brings_its_reason(side: Side) -> None:
    answer = side.prior_auth.submit(side.payer, a_request("denied"))

    assert answer.reason == "necessity-not-shown"
    assert answer.note == "Send the clinical notes that show why the visit is needed."
    assert (answer.number, answer.valid_from) == (None, None)


def test_the_same_request_twice_is_one_request(side: Side) -> None:
    first = side.prior_auth.submit(side.payer, a_request("happy"))

    assert side.prior_auth.submit(side.payer, a_request("happy")) == first


@pytest.mark.parametrize(
    ("referral_id", "verdict"),
    [
        ("later-yes", AuthorizationVerdict.APPROVED),
        ("later-no", AuthorizationVerdict.DENIED),
    ],
)
def test_a_pended_request_is_decided_later_and_then_stands(
    side: Side, referral_id: str, verdict: AuthorizationVerdict
) -> None:
    side.prior_auth.submit(side.payer, a_request(referral_id))

    decision = side.decide(f"{referral_id}-a3")

    assert decision.verdict is verdict
    assert decision.trace == f"{referral_id}-a3"
    again = side.prior_auth.submit(side.payer, a_request(referral_id))
    assert again.but(source=b"") == decision.but(source=b"")


def test_a_request_without_member_id_is_refused_for_good(side: Side) -> None:
    with pytest.raises(Permanent):
        side.prior_auth.submit(side.payer, a_request("happy", member_id=""))


def test_a_decision_is_posted_to_us_two_days_later_by_the_payers_client(
    http_side: HttpSide,
) -> None:
    http_side.prior_auth.submit(http_side.payer, a_request("later-yes"))
    http_side.world.statuses = [0, 200]

    http_side.decide("later-yes-a3")

    assert http_side.world.delays == [timedelta(days=2), timedelta(hours=1)]
    assert [(client, path) for client, path, _ in http_side.world.posted] == [
        ("payer:valley-plan", "/fhir/ClaimResponse")
    ] * 2
    assert http_side.world.pending == []


def test_a_payer_that_is_switched_off_answers_once_it_is_back(http_side: HttpSide) -> None:
    http_side.world.mode["payer"] = "down"
    with pytest.raises(Retryable):
        http_side.eligibility.check(http_side.payer, an_inquiry(trace="happy-e2"))
    with pytest.raises(Retryable):
        http_side.prior_auth.submit(http_side.payer, a_request("happy"))

    http_side.world.mode["payer"] = "up"

    answer = http_side.prior_auth.submit(http_side.payer, a_request("happy"))
    assert answer.verdict is AuthorizationVerdict.APPROVED


def a_request(referral_id: str, **fields: Any) -> Any:
    return an_authorization_request(trace=f"{referral_id}-a3", referral_id=referral_id, **fields)
