"""What came of an exchange with a partner, for whoever watches the partners."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from referral_core.domain.errors import Refused, Retryable


class Exchange(StrEnum):
    """What came of one exchange: a closed set, for it is a metric's dimension."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    MISCONFIGURED = "misconfigured"


Observe = Callable[[Exchange, float], None]
"""Told what came of an exchange, and how many seconds it took."""


def nobody(_came_of: Exchange, _seconds: float) -> None:
    """Observe nothing."""


@contextmanager
def observed(observe: Observe) -> Iterator[None]:
    """Tell an observer what comes of the exchange in the block."""
    begun, came_of = time.monotonic(), Exchange.MISCONFIGURED
    try:
        yield
        came_of = Exchange.ANSWERED
    except Retryable:
        came_of = Exchange.UNAVAILABLE
        raise
    except Refused:
        came_of = Exchange.REFUSED
        raise
    finally:
        observe(came_of, time.monotonic() - begun)
