"""The keys of the table that are hashed under a secret key."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.hashed_keys import HashedKeys
from referral_core.settings import settings
from referral_core.wiring.parts.secrets import secrets


@cache
def hashed_keys() -> HashedKeys:
    """Return them; the secret is read when a key is first hashed, not at start."""
    name = settings().need("hash_keys_secret")
    return HashedKeys(lambda: secrets()(name))
