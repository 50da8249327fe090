"""The token endpoint's public routes, and the configuration by which SMART's clients find them."""

from __future__ import annotations

from typing import Any, Final

from referral_core.domain.access.scopes import READ, WRITE
from referral_core.entrypoints.http.route_table import ROUTES

TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path
KEYS: Final = "/.well-known/jwks.json"
CONFIGURATION: Final = "/.well-known/smart-configuration"
TOKEN_ROUTES: Final = (f"POST {TOKEN}", f"GET {KEYS}", f"GET /fhir{CONFIGURATION}")
"""As API Gateway writes them; none needs a token."""
ALGORITHMS: Final = ("RS384", "ES384")


def smart_configuration(base_url: str) -> dict[str, Any]:
    """Return the configuration (SMART App Launch 2.2, 3.2), for the API at an address."""
    return {
        "issuer": base_url,
        "jwks_uri": f"{base_url}{KEYS}",
        "token_endpoint": f"{base_url}{TOKEN}",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": scopes(),
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


def scopes() -> list[str]:
    """Return every scope that a route asks for."""
    return [READ, WRITE, *sorted({r.resource_scope for r in ROUTES if r.resource_scope})]
