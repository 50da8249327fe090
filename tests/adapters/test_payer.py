"""The payer adapters: what goes over the wire, and answers that no payer should give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.payer import HttpEligibility, HttpPriorAuth
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.ports.lifecycle import Clock
from referral_core.x12.eligibility_request import write_270
from referral_core.x12.interchange import Envelope, write_interchange
from tests.adapters.loopback import served
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request, an_inquiry


class FixedClock(Clock):
    def now(self) -> datetime:
        return SENT_AT

    def grace(self) -> timedelta:
        return timedelta(minutes=5)


@dataclass
class Wire:
    """Answers everything with what the test sets, and keeps what it was sent."""

    base_url: str = ""
    answer: bytes = b""
    status: int = 200
    content_type: str = "application/fhir+json"
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        headers = request.headers
        body = await request.body()
        self.seen.append(
            (request.url.path, headers["content-type"], headers["authorization"], body)
        )
        return Response(self.answer, self.status, media_type=self.content_type)

    def check(self) -> object:
        adapter = HttpEligibility(HttpClient(str.upper), FixedClock())
        return adapter.check(a_payer(self.base_url), an_inquiry())

    def submit(self) -> object:
        adapter = HttpPriorAuth(HttpClient(str.upper))
        return adapter.submit(a_payer(self.base_url), an_authorization_request())


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    routes = [Route("/{path:path}", wire.take, methods=["POST"])]
    with served(Starlette(routes=routes)) as base_url:
        wire.base_url = base_url
        yield wire


ASK: list[Callable[[Wire], object]] = [Wire.check, Wire.submit]
each_service = pytest.mark.parametrize("ask", ASK, ids=["eligibility", "authorization"])


def test_eligibility_is_asked_as_x12(wire: Wire) -> None:
    with pytest.raises(Permanent):
        wire.check()

    path, content_type, token, body = wire.seen[0]
    assert path == "/payer/eligibility"
    assert content_type == "application/EDI-X12"
    assert token == "Bearer PAYER-TOKEN"
    assert body.decode() == write_270(an_inquiry(), a_payer(), SENT_AT)


def test_authorization_is_asked_as_a_fhir_operation(wire: Wire) -> None:
    with pytest.raises(Permanent):
        wire.submit()

    path, content_type, token, body = wire.seen[0]
    assert path == "/payer/fhir/Claim/$submit"
    assert content_type == "application/fhir+json"
    assert token == "Bearer PAYER-TOKEN"
    assert json.loads(body)["entry"][0]["resource"]["resourceType"] == "Claim"


@each_service
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html>Rivera: bad gateway</html>",
        b"[" * 5_000,
        b'{"resourceType": "OperationOutcome", "issue": [{"diagnostics": "Rivera"}]}',
        b"ISA*00*Rivera",
    ],
)
def test_an_answer_that_is_none_is_final_and_not_quoted(
    wire: Wire, ask: Callable[[Wire], object], answer: bytes
) -> None:
    wire.answer = answer

    with pytest.raises(Permanent) as caught:
        ask(wire)

    assert "Rivera" not in str(caught.value)


@each_service
@pytest.mark.parametrize(
    ("status", "error"), [(400, Permanent), (401, Permanent), (422, Permanent), (500, Retryable)]
)
def test_the_status_says_whether_a_retry_helps(
    wire: Wire, ask: Callable[[Wire], object], status: int, error: type[Exception]
) -> None:
    wire.status, wire.answer = status, b'{"resourceType": "OperationOutcome"}'

    with pytest.raises(error):
        ask(wire)


def test_a_decision_under_any_json_label_is_read(wire: Wire) -> None:
    review = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction"
    concept = {"coding": [{"code": "A1"}]}
    action = {"url": f"{review}Code", "valueCodeableConcept": concept}
    response = {
        "resourceType": "ClaimResponse",
        "outcome": "error",
        "item": [{"adjudication": [{"extension": [{"url": review, "extension": [action]}]}]}],
    }
    wire.answer = json.dumps(response).encode()
    wire.content_type = "text/plain"

    answer = HttpPriorAuth(HttpClient(str.upper)).submit(
        a_payer(wire.base_url), an_authorization_request()
    )

    assert (answer.verdict, answer.trace) == (AuthorizationVerdict.APPROVED, "r1-a3")
    assert answer.source == wire.answer


def test_a_271_is_kept_as_it_came(wire: Wire) -> None:
    rows = (
        "BHT*0022*11*1*20260302*1504",
        "HL*1**20*1",
        "HL*2*1*22*0",
        f"TRN*2*{an_inquiry().trace}*9123456789",
        "EB*1**30",
    )
    envelope = Envelope("VALLEY", "1234567893", SENT_AT, 7, "HB", "005010X279A1")
    body = [tuple(row.split("*")) for row in rows]
    wire.answer = write_interchange(envelope, "271", body).encode()

    answer = HttpEligibility(HttpClient(str.upper), FixedClock()).check(
        a_payer(wire.base_url), an_inquiry()
    )

    assert answer.source == wire.answer


def test_a_decision_on_somebody_elses_request_is_refused(wire: Wire) -> None:
    identifier = {"system": "urn:trnorg:9123456789", "value": "r2-a1"}
    wire.answer = json.dumps({"resourceType": "ClaimResponse", "identifier": [identifier]}).encode()

    with pytest.raises(Permanent):
        wire.submit()
