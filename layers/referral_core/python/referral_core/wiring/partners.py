"""How partners are spoken to: one HTTP client, whose bearer tokens come from Secrets Manager."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.adapters.http.client import HttpClient
from referral_core.wiring.clients import aws_client


@cache
def http() -> HttpClient:
    """Return the client for partners."""
    return HttpClient(_secret)


@cache
def _secret(name: str) -> str:
    """Read a secret once a process."""
    with service_errors("The secret of a partner could not be read"):
        found = aws_client("secretsmanager").get_secret_value(SecretId=name)
    return str(found["SecretString"])
