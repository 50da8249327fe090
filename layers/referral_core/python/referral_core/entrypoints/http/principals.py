"""Who a verified client is: read once in five minutes, so that a revoked client is soon refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

from referral_core.domain.principal import Principal
from referral_core.ports import Clock

KNOWN_FOR: Final = timedelta(minutes=5)
"""How long a principal is taken for what it was when it was read."""


class Principals(Protocol):
    """Where principals are read."""

    def principal(self, client_id: str) -> Principal:
        """Return the principal of a verified client id. Raises: Forbidden when unknown."""


class CachedPrincipals:
    """Principals as they were at most five minutes ago; only those that exist are kept.

    There are as many as clients whose tokens the gateway verified in the life of a process.
    """

    def __init__(self, directory: Principals, clock: Clock) -> None:
        """Take where principals are read, and the clock that ends what is known."""
        self._directory = directory
        self._clock = clock
        self._known: dict[str, tuple[datetime, Principal]] = {}

    def principal(self, client_id: str) -> Principal:
        """Return the principal of a verified client id.

        Raises:
            Forbidden: the client is not registered, or no longer.
        """
        now = self._clock.now()
        known = self._known.get(client_id)
        if known is not None and now - known[0] < KNOWN_FOR:
            return known[1]
        self._known.pop(client_id, None)
        found = self._directory.principal(client_id)
        self._known[client_id] = (now, found)
        return found
