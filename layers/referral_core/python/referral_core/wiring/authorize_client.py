"""The function authorize_client."""

from __future__ import annotations

from functools import cache, partial

from referral_core.adapters.http.published import fetch
from referral_core.adapters.tokens.access_tokens import AccessTokens, pool
from referral_core.adapters.tokens.key_sets import KeySet
from referral_core.entrypoints.authorizer import AuthorizeClient
from referral_core.settings import settings
from referral_core.wiring.table import directory


@cache
def build() -> AuthorizeClient:
    """Build the function authorize_client."""
    known = settings()
    keys = KeySet(partial(fetch, known.need("pool_keys_url")))
    of_the_pool = pool(known.need("pool_issuer"), keys, known.need("console_client_id"))
    return AuthorizeClient(AccessTokens(of_the_pool), directory())
