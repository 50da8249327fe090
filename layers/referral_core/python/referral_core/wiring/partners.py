"""How partners are spoken to: one HTTP client, whose bearer tokens come from Secrets Manager."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.http.client import HttpClient
from referral_core.wiring.secrets import secrets


@cache
def http() -> HttpClient:
    """Return the client for partners."""
    return HttpClient(secrets(), read_again=secrets().read_again)
