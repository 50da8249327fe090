"""An event loop on virtual time: it jumps to the next thing scheduled instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

T = TypeVar("T")

GRACE: Final = timedelta(minutes=5)


class Stalled(Exception):
    """Nothing is scheduled and nothing can run: what is awaited will never come."""


class _Jumping(selectors.SelectSelector):
    """Stands for the operating system: no file is ever ready, and waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the virtual time pass that the loop would have waited."""
        if timeout is None:
            raise Stalled
        self.elapsed += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop over the jumping selector; it does no input or output."""

    def __init__(self) -> None:
        """Begin at 0 seconds."""
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual seconds passed."""
        return self._jumping.elapsed


class Failed(Exception):
    """Something that the loop ran by itself failed; the cause says what."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on virtual time, and give up what is left.

    Raises:
        Failed: a callback or a task failed that nobody looked after.
    """
    failures: list[dict[str, Any]] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: failures.append(context))
        return await main

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        done = runner.run(watched())
    if failures:
        raise Failed(failures[0]["message"]) from failures[0].get("exception")
    return done


class LoopClock:
    """The product's and the partners' clock: the running loop's time after an origin.

    Attributes:
        skew: by how much the worker at work sees the time wrongly.
    """

    def __init__(self, origin: datetime, grace: timedelta = GRACE) -> None:
        """Take the instant at which the loop's time is 0."""
        self._origin = origin
        self._grace = grace
        self.skew = timedelta()

    def now(self) -> datetime:
        """Return the instant as the worker at work sees it."""
        return self.true() + self.skew

    def true(self) -> datetime:
        """Return the virtual instant."""
        return self._origin + timedelta(seconds=asyncio.get_running_loop().time())

    def grace(self) -> timedelta:
        """Return the watchdog's grace."""
        return self._grace

    def seconds(self, at: datetime) -> float:
        """Return the loop's time of an instant."""
        return (at - self._origin).total_seconds()


class PartnersClock:
    """The same time for the partners, whose clocks are right."""

    def __init__(self, clock: LoopClock) -> None:
        """Take the clock that the loop moves."""
        self.now = clock.true

    async def sleep(self, delay: timedelta) -> None:
        """Wait for a virtual delay."""
        await asyncio.sleep(max(delay.total_seconds(), 0.0))
