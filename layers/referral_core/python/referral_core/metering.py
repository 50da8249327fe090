"""What the process uses, counted where it arises, until an event takes it along.

An event that is written anyway carries what its invocation used until then, so metering writes
nothing of its own. What no event carries (the watchdog, the stream's consumers, the end of a step)
is said as overhead when the invocation ends.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from referral_core.observability import Measured, measure_all

LAMBDA_MS: Final = "lambda_ms"
LAMBDA_REQUESTS: Final = "lambda_requests"
API_REQUESTS: Final = "api_requests"
QUEUE_OPERATIONS: Final = "queue_operations"
DOCUMENT_KB: Final = "document_kb"
"""What is kept, by its size: priced once, for all the years that it is kept."""
OVERHEAD: Final = "Overhead"
"""Begins the names of the metrics of what no event carries; the unit follows a dot."""
PRICED_MB: Final = 512
"""The memory whose milliseconds are counted; a function of more counts so many more."""
_NS_A_MS: Final = 1_000_000
_RECEIVED_AND_DELETED: Final = 2
"""Requests that Lambda itself makes for a batch of a queue."""

Answer = TypeVar("Answer")


class Meter:
    """Counts units until they are settled.

    What is counted in halves (an eventually consistent read) is handed out whole, and the half
    waits for the next.
    """

    def __init__(self, now_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        """Take a clock of this process; nothing runs on it before an invocation begins."""
        self._now_ns = now_ns
        self._counts: Counter[str] = Counter()
        self._since_ns: int | None = None
        self._is_new = True

    def add(self, unit: str, count: float = 1) -> None:
        """Count so many of a unit; what no invocation uses (a tool, a test) is not metered."""
        if self._since_ns is not None:
            self._counts[unit] += count  # type: ignore[assignment] # halves of read units

    def begin(self, event: Mapping[str, Any]) -> None:
        """Begin an invocation: the first one is billed for the start of its process too."""
        self._since_ns = self._now_ns()
        self.add(LAMBDA_REQUESTS)
        if self._is_new:
            self._is_new = False
            self._since_ns -= time.process_time_ns()
        if "rawPath" in event and "identitySource" not in event:  # the authorizer is not asked for
            self.add(API_REQUESTS)
        records = event.get("Records")
        if records and records[0].get("eventSource") == "aws:sqs":
            self.add(QUEUE_OPERATIONS, _RECEIVED_AND_DELETED)

    def so_far(self) -> Mapping[str, int]:
        """Return what nothing has taken yet, whole units only."""
        whole = {unit: int(count) for unit, count in self._counts.items() if count >= 1}
        ms = self._ms()
        return {**whole, LAMBDA_MS: ms} if ms else whole

    def settle(self, taken: Mapping[str, int]) -> None:
        """Take away what was written down: `so_far` of a moment ago."""
        for unit, count in taken.items():
            if unit == LAMBDA_MS and self._since_ns is not None:
                self._since_ns += count * _NS_A_MS * PRICED_MB // _memory_mb()
            else:
                self._counts[unit] -= count

    def end(self) -> Mapping[str, int]:
        """End an invocation; return what no event took, its last millisecond begun and whole."""
        left = dict(self.so_far())
        if self._since_ns is not None:
            left[LAMBDA_MS] = self._ms() + 1
        self._since_ns = None
        for unit in left.keys() - {LAMBDA_MS}:
            self._counts[unit] -= left[unit]
        return left

    def _ms(self) -> int:
        if self._since_ns is None:
            return 0
        return (self._now_ns() - self._since_ns) * _memory_mb() // (_NS_A_MS * PRICED_MB)


def _memory_mb() -> int:
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", PRICED_MB))


METER: Final = Meter()
"""The process's own: a process of Lambda has one invocation at a time."""


def metered(handler: Callable[[Any, Any], Answer]) -> Callable[[Any, Any], Answer]:
    """Meter each invocation of a function; what no event carried is said as overhead."""

    @wraps(handler)
    def counted(event: Any, context: Any) -> Answer:
        METER.begin(event)
        try:
            return handler(event, context)
        finally:
            say_overhead(METER.end())

    return counted


def say_overhead(left: Mapping[str, int]) -> None:
    """Emit what no event carries, by unit: a series a unit, whatever the function."""
    measure_all(
        {f"{OVERHEAD}.{unit}": Measured(count) for unit, count in left.items()}, by_function=False
    )
