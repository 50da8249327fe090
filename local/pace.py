"""The stack's time: a file that every process reads, kept by the watchdog's ticks.

Weeks pass in minutes, so what takes a second of this machine's takes hours of the product's time.
A slow machine would miss every deadline that no partner misses. Time therefore goes on only while
the machine keeps up: no further than a little beyond the last tick, and not at all while notices
queue up.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from referral_core.adapters.clock import VirtualClock

_BEYOND_A_TICK_S: Final = 0.5
"""Real seconds that time goes on without another tick: twice what lies between two."""


@dataclass(frozen=True)
class Pace:
    """Keeps the file.

    Attributes:
        file: where the time is told.
        rate: virtual seconds per real second, on a machine that keeps up.
    """

    file: Path
    rate: float

    @classmethod
    def standing(cls, file: Path, at: datetime, rate: float) -> Pace:
        """Begin with time that stands still at an instant."""
        pace = cls(file, rate)
        pace._tell(at, span_s=0.0)
        return pace

    @property
    def clock(self) -> VirtualClock:
        """The clock that everybody reads."""
        return VirtualClock(str(self.file), 0)

    def go_on(self) -> None:
        """Let time go on until a little beyond the next tick."""
        self._tell(self.clock.now(), span_s=_BEYOND_A_TICK_S)

    def hold(self) -> None:
        """Let time stand still until it is told to go on."""
        self._tell(self.clock.now(), span_s=0.0)

    def _tell(self, at: datetime, *, span_s: float) -> None:
        told = {
            "at": at.isoformat(),
            "since": datetime.now(UTC).isoformat(),
            "span_s": span_s,
            "rate": self.rate,
        }
        whole = self.file.with_suffix(f".{os.getpid()}")
        whole.write_text(json.dumps(told))
        # In one step: a reader finds the old time or the new one.
        whole.replace(self.file)
