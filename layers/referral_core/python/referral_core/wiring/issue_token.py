"""The function issue_token."""

from __future__ import annotations

from referral_core.adapters.aws.dynamodb.client_register import ClientRegister
from referral_core.adapters.http.published import fetch_from_strangers
from referral_core.adapters.tokens.assertions import ClientAssertions
from referral_core.entrypoints.http.tokens.documents import TOKEN
from referral_core.entrypoints.http.tokens.endpoint import TokenEndpoint
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.token_keys import token_keys


@built_once
def build() -> TokenEndpoint:
    """Build the function issue_token."""
    base_url = settings().need("public_base_url")
    assertions = ClientAssertions(f"{base_url}{TOKEN}", fetch_from_strangers)
    register = ClientRegister(aws_client("dynamodb"), settings().need("table_name"))
    return TokenEndpoint(base_url, assertions, register, token_keys())
