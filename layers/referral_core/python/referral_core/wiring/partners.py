"""How partners are spoken to: one HTTP client, whose bearer tokens come from Secrets Manager."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.http.client import HttpClient
from referral_core.wiring.clients import aws_client


@cache
def http() -> HttpClient:
    """Return the client for partners."""
    return HttpClient(_secret)


@cache
def _secret(name: str) -> str:
    """Read a secret once a process."""
    found = aws_client("secretsmanager").get_secret_value(SecretId=name)
    return str(found["SecretString"])
