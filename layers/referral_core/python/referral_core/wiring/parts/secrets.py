"""Secrets, each read once in five minutes."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.secrets import CachedSecrets
from referral_core.wiring.parts.clients import aws_client


@cache
def secrets() -> CachedSecrets:
    """Return the secrets of the stack and of partners."""
    return CachedSecrets(aws_client("secretsmanager"))
