"""The stack's time: a file that every process reads, kept by the watchdog's ticks.

Weeks pass in minutes, so what takes a second of this machine's takes hours of the product's time.
A slow machine would miss every deadline that no partner misses. Time therefore goes on only while
the machine keeps up: no further than a little beyond the last tick, and not at all while notices
queue up.

Three quarters of all hours lie outside business hours. Few things happen then, and nothing is due
that counts in business hours: nights, weekends and holidays may pass faster than the day.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from referral_core.adapters.clock import VirtualClock
from referral_core.domain.calendar import BusinessCalendar

_BEYOND_A_TICK_S: Final = 0.5
"""Real seconds that time goes on without another tick: twice what lies between two."""
_OFFICE: Final = BusinessCalendar("America/New_York", "US-MA")
"""The sample tenant's business hours."""
_A_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Pace:
    """Keeps the file.

    Attributes:
        file: where the time is told.
        rate: virtual seconds per real second, on a machine that keeps up.
        night_rate: the same outside business hours; at least `rate`.
    """

    file: Path
    rate: float
    night_rate: float

    @classmethod
    def standing(
        cls, file: Path, at: datetime, rate: float, night_rate: float | None = None
    ) -> Pace:
        """Begin with time that stands still at an instant."""
        pace = cls(file, rate, night_rate or rate)
        pace._tell(at, rate, span_s=0.0)
        return pace

    @property
    def clock(self) -> VirtualClock:
        """The clock that everybody reads."""
        return VirtualClock(str(self.file), 0)

    def go_on(self) -> None:
        """Let time go on until a little beyond the next tick; a night ends with the morning."""
        now = self.clock.now()
        opens = _OFFICE.opens(now)
        if opens == now:
            self._tell(now, self.rate, span_s=_BEYOND_A_TICK_S)
        else:
            night_s = (opens + _A_MOMENT - now).total_seconds() / self.night_rate
            self._tell(now, self.night_rate, span_s=min(night_s, _BEYOND_A_TICK_S))

    def hold(self) -> None:
        """Let time stand still until it is told to go on."""
        self._tell(self.clock.now(), self.rate, span_s=0.0)

    def _tell(self, at: datetime, rate: float, *, span_s: float) -> None:
        told = {
            "at": at.isoformat(),
            "since": datetime.now(UTC).isoformat(),
            "span_s": span_s,
            "rate": rate,
            "fastest": self.night_rate,
        }
        whole = self.file.with_suffix(f".{os.getpid()}")
        whole.write_text(json.dumps(told))
        # In one step: a reader finds the old time or the new one.
        whole.replace(self.file)
