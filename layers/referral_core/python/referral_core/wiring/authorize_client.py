"""The function authorize_client."""

from __future__ import annotations

from functools import partial

from referral_core.adapters.http.published import fetch
from referral_core.adapters.tokens.access_tokens import AccessTokens, own, pool
from referral_core.adapters.tokens.key_sets import KeySet
from referral_core.entrypoints.authorizer import AuthorizeClient
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.directory import configuration
from referral_core.wiring.parts.token_keys import token_keys


@built_once
def build() -> AuthorizeClient:
    """Build the function authorize_client."""
    known = settings()
    keys = KeySet(partial(fetch, known.need("pool_keys_url")))
    of_the_pool = pool(known.need("pool_issuer"), keys, known.need("console_client_id"))
    base_url = known.need("public_base_url")
    of_ours = own(base_url, KeySet(token_keys().key_set), f"{base_url}/fhir")
    return AuthorizeClient(AccessTokens(of_the_pool, of_ours), configuration())
