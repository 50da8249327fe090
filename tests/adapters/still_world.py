"""Simulated partners that take what they are sent and do nothing about it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from local.partners.middleware import FaultMiddleware
from local.partners.scripts.script import Scripts
from local.partners.world import World
from referral_core.adapters.clock import ManualClock
from tests.adapters.loopback import served

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


class NoRouter:
    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        return 0, {}


class StillClock(ManualClock):
    def __init__(self) -> None:
        super().__init__(NOW)

    async def sleep(self, delay: timedelta) -> None:
        self.move(delay)


class StillWorld(World):
    def __init__(self) -> None:
        super().__init__(StillClock(), NoRouter(), Scripts(None))

    def later(self, delay: timedelta, act: Coroutine[Any, Any, None]) -> None:
        act.close()


@dataclass
class Partner:
    """A partner that is up on a loopback port, and what its gate wrote down."""

    name: str
    url: str
    world: StillWorld

    @property
    def received(self) -> list[Mapping[str, Any]]:
        return [e for e in self.world.log(self.name) if e["did"] == "received"]


@contextmanager
def partner(name: str, routes: Callable[[World], list[Route]]) -> Iterator[Partner]:
    world = StillWorld()
    app = Starlette(routes=routes(world), middleware=[Middleware(FaultMiddleware, world=world)])
    with served(app) as url:
        yield Partner(name, url, world)
