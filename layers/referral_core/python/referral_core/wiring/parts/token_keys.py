"""The keys of our own issuer."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.tokens.signing import SigningKeys
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def token_keys() -> SigningKeys:
    """Return the keys that sign our tokens; the first signs."""
    return SigningKeys(aws_client("kms"), settings().need("token_key_ids").split(","))
