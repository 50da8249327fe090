"""How partners are spoken to: one HTTP client, whose bearer tokens come from Secrets Manager."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.secrets import CachedSecrets
from referral_core.adapters.http.client import HttpClient
from referral_core.wiring.clients import aws_client


@cache
def http() -> HttpClient:
    """Return the client for partners."""
    secrets = CachedSecrets(aws_client("secretsmanager"))
    return HttpClient(secrets, read_again=secrets.read_again)
