"""Canaries in every free text of every sample and every update: none outside payloads, documents.

Two hundred and more of all kinds: names, numbers, addresses, notes, words beside codes, titles,
attachments. They are looked for in all that the router keeps and says elsewhere.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import pytest

from referral_core.domain.orders.clinical_content import ClinicalPayload
from tests.fuzz.routes import good_orders, good_writes
from tests.in_memory import World
from tests.unit.entrypoints.http import parties as stages
from tests.unit.entrypoints.http.parties import Parties, Party, Request

_MARK: Final = "QZXK"
_TEXTS: Final = frozenset(
    {
        *("family", "given", "text", "display", "line", "title", "description", "comment"),
        *(
            "patientInstruction",
            "disposition",
            "valueString",
            "contentString",
            "note",
            "subscriberId",
        ),
        *("conclusion", "preAuthRef", "message", "result", "district"),
    }
)
"""Elements that hold words or numbers of somebody."""
_KEPT: Final = frozenset({"system", "url", "reference", "fullUrl", "contentType", "language"})


def planted(value: Any, numbers: Iterator[int], where: str = "") -> Any:
    """Return a resource with a canary in every free text, beside what stands there."""
    if isinstance(value, dict):
        is_patient = value.get("resourceType") == "Patient" or where == "identifier-of-patient"
        return {
            k: v if k in _KEPT else planted(v, numbers, _inside(k, is_patient=is_patient))
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [planted(member, numbers, where) for member in value]
    if isinstance(value, str) and where in _TEXTS:
        return f"{value} {_MARK}{next(numbers)}"
    if isinstance(value, str) and where == "value-of-patient":
        return f"{value}-{_MARK}{next(numbers)}"
    if isinstance(value, str) and where == "data":
        content = base64.b64decode(value) + f" {_MARK}{next(numbers)}".encode()
        return base64.b64encode(content).decode()
    return value


def _inside(key: str, *, is_patient: bool) -> str:
    if is_patient and key == "identifier":
        return "identifier-of-patient"
    return "value-of-patient" if is_patient and key == "value" else key


def places(
    world: World, caplog: pytest.LogCaptureFixture, printed: str
) -> Iterator[tuple[str, str]]:
    """Yield all that the router keeps or says outside payloads and documents."""
    referrals = world.referrals
    for state in referrals.all():
        at = (state.referral.tenant, state.referral.id)
        yield "projection", state.referral.model_dump_json()
        yield "mailbox", state.mailbox.model_dump_json()
        for event in referrals.events(*at):
            yield f"event {event.kind}", event.model_dump_json()
        for decision in referrals.decisions[at]:
            yield "routing decision", decision.model_dump_json()
        for evidence in referrals.evidence[at]:
            yield "evidence", evidence.model_dump_json()
    for update in (u for kept in referrals.updates.values() for u in kept.values()):
        yield f"update {update.kind}", update.model_dump_json()
    for execution in world.machine.executions.values():
        history = [[e.state, e.payload, e.result] for e in execution.history]
        yield "execution", json.dumps([execution.data, history], default=str)
    for run in world.workflow.started:
        yield "start", str(run)
    for message in world.messenger.sent:
        yield "message", f"{message.subject} {message.body} {message.reference}"
    for record in caplog.records:
        yield "log", str(vars(record))
    yield "output", printed


def _send(at: Parties, request: Request, party: Party, numbers: Iterator[int]) -> bool:
    body = planted(request.body, numbers)
    status = at.call(request._replace(body=body), party).status
    at.world.settle()
    return status < HTTPStatus.MULTIPLE_CHOICES


@pytest.fixture
def numbers() -> Iterator[int]:
    return count(100)


def test_no_canary_of_an_order_leaves_its_payload(
    numbers: Iterator[int], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    at = Parties()
    taken = sum(_send(at, request, party, numbers) for request, (party, *_) in good_orders())
    held = list(places(at.world, caplog, capsys.readouterr().out))
    assert {f"{where}: {text}" for where, text in held if _MARK in text} == set()
    assert taken > 24
    assert next(numbers) > 600
    payloads = [ClinicalPayload.load(body) for body in at.world.referrals.payloads.values()]
    assert sum(_MARK in payload.model_dump_json() for payload in payloads) > 24


@pytest.mark.parametrize("stage", sorted(good_writes()))
def test_no_canary_of_an_update_leaves_its_document(
    stage: str,
    numbers: Iterator[int],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    make: Callable[[], Parties] = getattr(stages, stage)
    taken, found, at = 0, set[str](), make()
    for request, (party, *_) in good_writes()[stage]:
        is_taken = _send(at, request, party, numbers)
        held = list(places(at.world, caplog, capsys.readouterr().out))
        found |= {
            f"{request.method} {request.url}: {where}" for where, text in held if _MARK in text
        }
        caplog.clear()
        if is_taken:  # what comes next is good where the referral stood
            taken, at = taken + 1, make()
    assert found == set()
    assert taken > 0
