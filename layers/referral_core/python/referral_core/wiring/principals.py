"""Who the API's callers are."""

from __future__ import annotations

from functools import cache

from referral_core.entrypoints.http.principals import CachedPrincipals, Principals
from referral_core.wiring.clock import clock
from referral_core.wiring.table import configuration


@cache
def principals() -> Principals:
    """Return the principals, each read once in five minutes."""
    return CachedPrincipals(configuration(), clock())
