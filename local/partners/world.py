"""The world the partners live in: virtual time, the router's API, the scripts, and bad days.

Any partner can be `down` (it answers nothing and calls nobody), `slow` (it answers late),
`duplicate` (it sends everything twice) or `reorder` (one message may overtake another).
Patients and staff answer no request: when slow they speak late.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol
from uuid import UUID

from local.partners.scripts.script import Script, Scripts, span

__all__ = ["Client", "Clock", "Router", "StackClock", "World", "instant", "referral_of", "span"]

PARTNERS: Final = ("payer", "clinic", "ehr", "carrier", "patient", "staff")
MODES: Final = ("up", "down", "slow", "duplicate", "reorder")
_REMEMBERED: Final = 20_000
_SLOW_S: Final = 3.0
_LOOKS_EVERY_S: Final = 0.02
_LOOKS_AGAIN: Final = timedelta(hours=1)
_NEVER_CALLED: Final = frozenset({"patient", "staff"})
_OVERTAKEN_BY: Final = 5 * 24 * 60
"""Minutes that something sent in mode `reorder` may be on its way."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Client:
    """An OAuth2 client of the router's API."""

    client_id: str
    client_secret: str


class Clock(Protocol):
    """Virtual time."""

    def now(self) -> datetime:
        """Return the virtual instant."""

    async def sleep(self, delay: timedelta) -> None:
        """Wait for a virtual delay."""


class Router(Protocol):
    """The router's HTTP API."""

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call it as one of its clients; return status and body, (0, {}) if it never answered."""


@dataclass(frozen=True)
class StackClock:
    """The stack's time, as its file tells it: `{"at", "since", "span_s", "rate", "fastest"}`.

    It goes on from `at`, which stood for the real instant `since`, for `span_s` real seconds, and
    stands still then until the file tells more; never at more virtual seconds a real one than the
    fastest.
    """

    file: str

    def now(self) -> datetime:
        """Return the virtual instant."""
        return self._read()[0]

    async def sleep(self, delay: timedelta) -> None:
        """Wait for a virtual delay."""
        until = self.now() + delay
        while True:
            now, fastest = self._read()
            if now >= until:
                return
            await asyncio.sleep(max((until - now).total_seconds() / fastest, _LOOKS_EVERY_S))

    def _read(self) -> tuple[datetime, float]:
        told = json.loads(Path(self.file).read_text())
        passed = (datetime.now(UTC) - datetime.fromisoformat(told["since"])).total_seconds()
        on = min(max(passed, 0.0), told["span_s"]) * told["rate"]
        return datetime.fromisoformat(told["at"]) + timedelta(seconds=on), told["fastest"]


class World:
    """Shared by all partners of one process.

    Attributes:
        mode: what kind of day each partner has; `up` when it is not there.
        slow_s: real seconds by which a slow partner's answers are late.
    """

    def __init__(self, clock: Clock, router: Router, scripts: Scripts, seed: str = "") -> None:
        """Take the time, the API and the scripts; all chance follows from the seed."""
        self._router = router
        self._known: dict[str, Script] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._journals: dict[str, deque[Mapping[str, Any]]] = {
            partner: deque(maxlen=_REMEMBERED) for partner in PARTNERS
        }
        self._agreed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._appealed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._seed = seed
        self._random = self.random("order")
        self._ids = self.random("ids")
        self.scripts = scripts
        self.now = clock.now
        self.sleep = clock.sleep
        self.mode: dict[str, str] = {}
        self.slow_s: dict[str, float] = {}

    def later(self, delay: timedelta, act: Coroutine[Any, Any, None]) -> None:
        """Run something after a virtual delay."""

        async def waited() -> None:
            await self.sleep(delay)
            await act

        task = asyncio.get_running_loop().create_task(waited())
        self._running.add(task)
        task.add_done_callback(self._done)
        # What is cancelled while it waits has not begun.
        task.add_done_callback(lambda _: act.close())

    async def stop(self) -> None:
        """Give up everything that is still to happen."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def delay(self, partner: str) -> None:
        """Wait as long as a slow partner takes; in real time, as its caller's patience is."""
        await asyncio.sleep(self.slow_s.get(partner, _SLOW_S))

    def new_id(self) -> str:
        """Return an id that nobody else has, in the form of a UUID."""
        return str(UUID(int=self._ids.getrandbits(128), version=4))

    def random(self, purpose: str) -> Random:
        """Return a source of randomness that the world's seed and the purpose decide."""
        return Random(f"{self._seed}/{purpose}")  # noqa: S311 - a simulation's own

    async def learn(self, referral_id: str) -> Script:
        """Return the script of a referral, asking the API whose it is the first time."""
        if referral_id not in self._known:
            path = f"/fhir/ServiceRequest/{referral_id}"
            status, order = await self._router.call("ehr", "GET", path)
            if status != HTTPStatus.OK:
                return self.scripts.of({"id": referral_id})
            self._known[referral_id] = self.scripts.of(order)
        return self._known[referral_id]

    def agree(self, referral_id: str) -> None:
        """Note that the patient wants to come."""
        self._agreed[referral_id].set()

    async def agreement(self, referral_id: str) -> None:
        """Wait until the patient wants to come; each visit needs a new word."""
        await self._agreed[referral_id].wait()
        self._agreed[referral_id].clear()

    def appeal(self, referral_id: str) -> None:
        """Note that staff have filed an appeal with the payer, by telephone or its portal."""
        self._appealed[referral_id].set()

    async def appeal_of(self, referral_id: str) -> None:
        """Wait until a referral's denial is appealed."""
        await self._appealed[referral_id].wait()
        self._appealed[referral_id].clear()

    # --- what partners say ------------------------------------------------------------------

    async def post_as(self, client: str, path: str, body: Mapping[str, Any]) -> int:
        """Post to the API as one of its clients, maybe out of order; return the HTTP status."""
        if self.mode.get(client.partition(":")[0]) == "reorder":
            await self.sleep(self.overtaken_by())
        return (await self.call(client, "POST", path, body))[0]

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the API as one of its clients; return the first answer's status and body."""
        partner = client.partition(":")[0]
        answers = []
        for _ in range(await self.times(partner)):
            status, answer = await self._router.call(client, method, path, body)
            if method != "GET":
                self.note(partner, did="called", method=method, path=path, status=status, body=body)
            answers.append((status, answer))
        return answers[0]

    async def tell(self, client: str, method: str, path: str, body: Mapping[str, Any]) -> bool:
        """Call the API where only success matters, and order may not hold.

        Returns:
            Whether it was taken; True at once in mode `reorder`, when it is still on its way.
        """
        if self.mode.get(client.partition(":")[0]) == "reorder":
            self.later(self.overtaken_by(), self._sent(client, method, path, body))
            return True
        status, _ = await self.call(client, method, path, body)
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES

    async def say(self, partner: str, speak: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let a partner say something to another partner, as its day is."""
        if self.mode.get(partner) == "reorder":
            self.later(self.overtaken_by(), speak())
            return
        for _ in range(await self.times(partner)):
            await speak()

    def overtaken_by(self) -> timedelta:
        """Throw how long something is on its way in mode `reorder`."""
        return timedelta(minutes=self._random.randint(0, _OVERTAKEN_BY))

    async def times(self, partner: str) -> int:
        """Wait until a partner can speak; return how often it says the same."""
        while self.mode.get(partner) == "down":
            await self.sleep(_LOOKS_AGAIN)
        if self.mode.get(partner) == "slow" and partner in _NEVER_CALLED:
            await self.delay(partner)
        return 2 if self.mode.get(partner) == "duplicate" else 1

    async def _sent(self, client: str, method: str, path: str, body: Mapping[str, Any]) -> None:
        await self.call(client, method, path, body)

    # --- what partners saw ------------------------------------------------------------------

    def note(self, partner: str, **entry: Any) -> None:
        """Write into a partner's log."""
        self._journals[partner].append({"at": instant(self.now()), **entry})

    def log(self, partner: str) -> list[Mapping[str, Any]]:
        """Return a partner's log: requests received, calls made, oldest first."""
        return list(self._journals[partner])

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a partner failed", exc_info=error)


def instant(at: datetime) -> str:
    """Write an instant as FHIR does."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def referral_of(own_id: str) -> str:
    """Return the referral's part of one of the router's ids or marks."""
    return re.split(r"[.\-]", own_id.rpartition("/")[2], maxsplit=1)[0]
