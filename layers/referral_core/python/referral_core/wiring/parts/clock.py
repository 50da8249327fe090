"""The source of business time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from referral_core.adapters.clock import VirtualClock, WallClock
from referral_core.settings import settings

if TYPE_CHECKING:
    from referral_core.ports.lifecycle import Clock


@cache
def clock() -> Clock:
    """Return the wall clock on AWS, the virtual one where the environment names its file."""
    env = settings()
    if env.clock_file is None:
        return WallClock(env.step_grace_seconds)
    return VirtualClock(env.clock_file, env.step_grace_seconds)
