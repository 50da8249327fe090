"""A stage for the simulated partners: time that jumps, and a router that only remembers."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from local.partners.middleware import FaultMiddleware
from local.partners.scripts.script import Scripts
from local.partners.world import World

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
TOKEN = {"Authorization": "Bearer something", "Content-Type": "application/fhir+json"}
PLACER = "LS-1"
_SETTLES_WITHIN = 200

Json = dict[str, Any]


class JumpingClock:
    """Stands still until `pass_time`, then jumps from one sleeper's end to the next."""

    def __init__(self) -> None:
        self._now = NOW
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, delay: timedelta) -> None:
        wakes = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + delay, next(self._order), wakes))
        await wakes

    async def pass_time(self, span: timedelta) -> None:
        end = self._now + span
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, wakes = heapq.heappop(self._sleepers)
            if not wakes.done():
                wakes.set_result(None)
            await _settle()
        self._now = end


@dataclass
class Said:
    """One call that a partner made."""

    at: datetime
    client: str
    method: str
    path: str
    body: Any

    @property
    def line(self) -> str:
        status = self.body.get("status", "") if self.body else ""
        return f"{self.client} {self.method} {self.path} {status}".rstrip()


@dataclass
class RememberingRouter:
    """Takes everything, unless the test says otherwise.

    Attributes:
        answers: status and body by method and path.
        task: the coordination Task that a search finds.
    """

    clock: JumpingClock
    answers: dict[tuple[str, str], tuple[int, Json]] = field(default_factory=dict)
    task: Json | None = None
    calls: list[Said] = field(default_factory=list)

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Json]:
        self.calls.append(Said(self.clock.now(), client, method, path, body))
        if (method, path) in self.answers:
            return self.answers[method, path]
        if path.startswith("/fhir/Task?focus="):
            other = {"resourceType": "Task", "focus": {"reference": "ServiceRequest/r1.b1"}}
            found = [{"resource": task} for task in (other, self.task) if task]
            return 200, {"resourceType": "Bundle", "type": "searchset", "entry": found}
        if method == "GET":
            order = {"resourceType": "ServiceRequest", "identifier": [{"value": PLACER}]}
            return 200, {**order, "status": "active"}
        return (201, {"id": "r1.v1"}) if method == "POST" else (200, {})

    @property
    def said(self) -> list[str]:
        """What was said, reads apart."""
        return [call.line for call in self.calls if call.method != "GET"]


@dataclass
class PartnerHarness:
    """Partners over a jumping clock, and an HTTP client that speaks to them as the product."""

    clock: JumpingClock
    router: RememberingRouter
    world: World
    http: httpx.AsyncClient

    async def pass_time(self, **span: float) -> None:
        await self.clock.pass_time(timedelta(**span))


@asynccontextmanager
async def staged(
    routes: Callable[[World], list[Route]], scripts: Scripts | None = None
) -> AsyncIterator[PartnerHarness]:
    clock = JumpingClock()
    router = RememberingRouter(clock)
    world = World(clock, router, scripts or Scripts(None))
    app = Starlette(routes=routes(world), middleware=[Middleware(FaultMiddleware, world=world)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://partners") as http:
        yield PartnerHarness(clock, router, world, http)
        await world.stop()


def a_script(folder: Path, **partners: Mapping[str, Any]) -> Scripts:
    """Write a sidecar beside its referral, and read the folder."""
    order = {"resourceType": "ServiceRequest", "identifier": [{"value": PLACER}]}
    (folder / "one.json").write_text(json.dumps(order))
    (folder / "one.sidecar.json").write_text(json.dumps({"partners": partners}))
    return Scripts(folder)


async def _settle() -> None:
    """Let everything that can run now run."""
    for _ in range(_SETTLES_WITHIN):
        await asyncio.sleep(0)
