"""Payers that answer with damaged X12 and PAS: an answer, a clear error, and a way to the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any, Final

from local.partners.payer.pas import read_request, response_bundle
from local.partners.payer.x12 import read_270, write_271
from referral_core.adapters.http.client import Response
from referral_core.adapters.http.payer import HttpEligibility, HttpPriorAuth
from referral_core.domain.errors import RouterError
from referral_core.lifecycle.step import LifecycleStep
from referral_core.lifecycle.steps.check_eligibility import CheckEligibility
from referral_core.lifecycle.steps.request_authorization import RequestAuthorization
from tests.fuzz.mutations import mutated_json, mutated_text
from tests.fuzz.routes import UNBOUNDED, Attempt, Finding, to_the_end
from tests.in_memory import World
from tests.unit.payer_requests import SENT_AT, a_payer, an_authorization_request, an_inquiry

A_BATCH: Final = 20
_ELIGIBILITY: Final = ("active", "inactive", "unclear", "not-now")
_ACTIONS: Final = ("A1", "A2", "A3", "A4", "NA")


class DamagedWire:
    """Stands for the HTTP client: answers as a payer does, and damages the answer."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.sent: list[str] = []

    def send(self, method: str, url: str, *, body: bytes, **_: Any) -> Response:
        del method, url
        random = self._random
        text = self._answer(body)
        for _time in range(random.choice((0, 1, 1, 2, 3))):
            text = _damaged(random, text)
        self.sent.append(text)
        return Response(200, "text/plain", text.encode("utf-8", errors="surrogatepass"))

    def _answer(self, body: bytes) -> str:
        random = self._random
        if body.startswith(b"ISA"):
            inquiry = read_270(body.decode())
            return write_271(inquiry, random.choice(_ELIGIBILITY), SENT_AT, authorization="Y")
        asked = read_request(json.loads(body))
        return json.dumps(response_bundle(asked, random.choice(_ACTIONS), SENT_AT))


def _damaged(random: Random, text: str) -> str:
    if text.startswith("{") and random.random() < 0.8:
        try:
            return json.dumps(mutated_json(random, json.loads(text)))
        except (ValueError, RecursionError):
            pass
    if text.startswith("ISA") and random.random() < 0.7:
        segments = text.split("~")
        at = random.randrange(len(segments))
        if random.random() < 0.5:
            elements = segments[at].split("*")
            elements[random.randrange(len(elements))] = mutated_text(
                random, random.choice(elements)
            )
            segments[at] = "*".join(elements)
        else:
            segments[at : at + 1] = [random.choice(segments)] * random.choice((0, 1, 2, 90))
        return "~".join(segments)
    return mutated_text(random, text)


class PayerWorld(World):
    """A world whose payer answers over a damaged wire."""

    def __init__(self, wire: DamagedWire) -> None:
        self._wire = wire
        super().__init__()

    def _steps(self) -> tuple[LifecycleStep, ...]:
        http: Any = self._wire
        asked = CheckEligibility(HttpEligibility(http, self.clock), self.documents)
        requested = RequestAuthorization(HttpPriorAuth(http), self.documents)
        replaced = {step.name: step for step in (asked, requested)}
        return tuple(replaced.get(step.name, step) for step in super()._steps())


def batch(
    number: int, seed: str, size: int = A_BATCH, budget_s: float = UNBOUNDED
) -> Iterator[Finding]:
    """Read damaged answers; then let a referral whose payer sends only such come to its end."""
    random = Random(f"{seed}/payers/{number}")
    wire = DamagedWire(random)
    for _ in range(size):
        yield from _read(wire, random, budget_s)
    world = PayerWorld(wire)
    try:
        world.accept(random.choice(("happy-path", "authorization-denied")))
        world.settle()
    except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
        yield Finding(f"{type(error).__name__}: {error}"[:300], _attempt(wire))
        return
    yield from to_the_end(world, _attempt(wire))


class _At:
    """A clock that stands."""

    def now(self) -> datetime:
        return SENT_AT


def _read(wire: DamagedWire, random: Random, budget_s: float) -> Iterator[Finding]:
    http: Any = wire
    clock: Any = _At()
    began = time.process_time()
    try:
        if random.random() < 0.5:
            HttpEligibility(http, clock).check(a_payer(), an_inquiry())
        else:
            HttpPriorAuth(http).submit(a_payer(), an_authorization_request())
    except RouterError:
        pass  # a clear error: a person or a later attempt
    except Exception as error:  # noqa: BLE001 - see above
        yield Finding(f"{type(error).__name__}: {error}"[:300], _attempt(wire))
    taken = time.process_time() - began
    if taken > budget_s:
        yield Finding(f"{taken:.1f} s of CPU", _attempt(wire))


def _attempt(wire: DamagedWire) -> Attempt:
    return Attempt("payer", "payer", "POST", "/", {}, wire.sent[-1] if wire.sent else None)
