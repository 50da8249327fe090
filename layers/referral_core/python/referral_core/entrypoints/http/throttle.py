"""A client's requests of one minute, over all functions and all their workers.

A worker takes requests from the client's minute in leases that grow, so that the count that all
share is written once for many requests. What is leased never exceeds the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Final, NamedTuple, Protocol

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Retryable, Throttled
from referral_core.observability import logger

_MINUTE_S: Final = 60
_FIRST_LEASE: Final = 4
_LARGEST_LEASE: Final = 64


class Leases(Protocol):
    """The counts that all workers share."""

    def take(self, client_id: str, minute: int, requests: int) -> int:
        """Take requests from a client's minute; return how many are taken. Raises: Retryable."""


class _Leased(NamedTuple):
    """What a worker holds. Attributes: left: requests; size: of the lease."""

    minute: int
    left: int
    size: int


class Throttle:
    """Lets a client's requests through as far as its minute reaches."""

    def __init__(self, leases: Leases, seconds: Callable[[], float] = time) -> None:
        """Take the shared counts, and the seconds since 1970, of real time."""
        self._leases = leases
        self._seconds = seconds
        self._held: dict[str, _Leased] = {}

    def admit(self, principal: Principal) -> None:
        """Let one request of a client through.

        Raises:
            Throttled: its minute is used up.
        """
        now = self._seconds()
        minute, client = int(now // _MINUTE_S), principal.client_id
        held = self._held.get(client)
        if held is None or held.minute != minute:
            held = _Leased(minute, 0, _FIRST_LEASE // 2)
        if held.left == 0:
            held = self._leased(principal, held, now)
        self._held[client] = held._replace(left=held.left - 1)

    def _leased(self, principal: Principal, held: _Leased, now: float) -> _Leased:
        limit = principal.requests_per_minute
        size = min(held.size * 2, _LARGEST_LEASE, limit)
        try:
            taken = self._leases.take(principal.client_id, held.minute, size)
        except Retryable:
            # It protects the others from one client; who cannot count does not refuse.
            logger.warning("requests are not counted")
            return held._replace(left=size, size=size)
        left = min(size, limit - (taken - size))
        if left <= 0:
            raise Throttled(_MINUTE_S - now % _MINUTE_S)
        return held._replace(left=left, size=size)
