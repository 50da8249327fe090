"""The simulated payer is as strict as a real one: it refuses what the guides forbid."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.partners.payer import endpoint as simulated
from local.partners.payer.pas import Refused, read_request
from local.partners.payer.x12 import NotA270, read_270
from referral_core.fhir.pas.claim import claim_bundle
from referral_core.x12.eligibility_request import write_270
from tests.adapters.loopback import served
from tests.adapters.test_payer_contract import ScriptedWorld
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request, an_inquiry

TOKEN = {"Authorization": "Bearer something"}


@pytest.fixture
def world() -> ScriptedWorld:
    return ScriptedWorld()


@pytest.fixture
def client(world: ScriptedWorld) -> Iterator[httpx.Client]:
    app = Starlette(routes=simulated.routes(world))
    with served(app) as base_url, httpx.Client(base_url=base_url) as client:
        yield client


@pytest.mark.parametrize("path", ["/payer/eligibility", "/payer/fhir/Claim/$submit"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}])
def test_without_token_there_is_no_answer(
    client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    assert client.post(path, headers=headers, content=b"{}").status_code == 401


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"resourceType":"Claim"}']
)
def test_what_cannot_be_read_is_refused(client: httpx.Client, content: bytes) -> None:
    x12 = client.post("/payer/eligibility", headers=TOKEN, content=content)
    pas = client.post("/payer/fhir/Claim/$submit", headers=TOKEN, content=content)

    assert (x12.status_code, pas.status_code) == (400, 400)
    assert pas.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*X*005010X279A1~ST", "*X*005010X222A1~ST"),
        ("SE*13*", "SE*12*"),
        ("HL*3*2*22*0", "HL*3*1*22*0"),
        ("TRN*1*", "TRN*2*"),
        ("EQ*98~", ""),
        ("DTP*291*D8*20260302", "DTP*291*D8*2026"),
        ("*XX*1234567893", "*XX*12345"),
        ("~IEA*1*", "~IEA*2*"),
        (":~GS", ":\nGS"),
        ("NM1*IL*1", "NM1*03*1"),
    ],
)
def test_a_270_that_breaks_the_guide_is_refused(old: str, new: str) -> None:
    text = write_270(an_inquiry(), a_payer(), SENT_AT)
    assert old in text

    with pytest.raises(NotA270):
        read_270(text.replace(old, new))


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.update(type="transaction"),
        lambda b: b["entry"].reverse(),
        lambda b: b["entry"].pop(),
        lambda b: b["entry"][0]["resource"].update(use="claim"),
        lambda b: b["entry"][0]["resource"].pop("identifier"),
        lambda b: b["entry"][0]["resource"]["insurance"][0].update(focal=False),
        lambda b: b["entry"][0]["resource"]["item"][0]["extension"].pop(),
        lambda b: b["entry"][0]["resource"]["item"][0].pop("locationCodeableConcept"),
        lambda b: b["entry"].append(copy.deepcopy(b["entry"][1])),
    ],
)
def test_a_request_bundle_that_breaks_the_guide_is_refused(change: Change) -> None:
    bundle = claim_bundle(an_authorization_request(), a_payer())
    change(bundle)

    with pytest.raises(Refused):
        read_request(bundle)


def test_a_decision_that_nobody_takes_is_posted_five_times(
    client: httpx.Client, world: ScriptedWorld
) -> None:
    world.statuses = [500] * 10
    request = an_authorization_request(trace="later-yes-a3", referral_id="later-yes")
    bundle = claim_bundle(request, a_payer())
    client.post("/payer/fhir/Claim/$submit", headers=TOKEN, json=bundle).raise_for_status()

    with pytest.raises(StopIteration):
        world.pending.pop().send(None)

    assert len(world.posted) == 5
