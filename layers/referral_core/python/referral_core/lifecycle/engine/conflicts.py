"""Conflicts between writers: the one way in which a write is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Final

from referral_core.domain.errors import Conflict

_TRIES: Final = 20
_FIRST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.5


class Conflicts:
    """Iterates over the tries of a write; each reads afresh, after a pause with full jitter."""

    def __init__(
        self,
        pause: Callable[[float], None] = time.sleep,
        share: Callable[[], float] = random.random,
    ) -> None:
        """Take how to wait.

        Args:
            pause: waits some seconds.
            share: of the pause that is waited, drawn anew each time, so that writers do not meet
                again.
        """
        self._pause = pause
        self._share = share

    def __iter__(self) -> Iterator[int]:
        """Yield the number of each try.

        Raises:
            Conflict: other writers were always first.
        """
        for attempt in range(_TRIES):
            if attempt:
                longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
                self._pause(self._share() * longest)
            yield attempt
        raise Conflict("Other writers were always first; try again.")
