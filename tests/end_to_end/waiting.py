"""Waits on a condition, never on the clock: a slow machine waits longer and passes all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 600.0
"""Far more than anything takes; only what never happens waits so long."""

_T = TypeVar("_T")


def until(
    look: Callable[[], _T | None], what: str, *, within_s: float = PATIENCE_S, every_s: float = 0.1
) -> _T:
    """Return the first truthy thing that `look` finds; fail, saying what was awaited."""
    gives_up_at = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > gives_up_at:
            raise AssertionError(f"Not within {within_s:.0f} seconds: {what}")
        time.sleep(every_s)
    return found
