"""Our own token endpoint: SMART Backend Services, the client-credentials grant with an assertion.

It answers three public routes: the grant (RFC 6749, RFC 7523), the keys that its tokens are signed
with, and the configuration by which clients find both. They are no FHIR.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from time import time
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from referral_core.domain.access.registration import Registration
from referral_core.domain.access.scopes import covered
from referral_core.domain.errors import Retryable, RouterError, Unauthenticated
from referral_core.entrypoints.http.tokens.documents import (
    CONFIGURATION,
    KEYS,
    smart_configuration,
)
from referral_core.observability import logger

LIFE_S: Final = 300
"""Seconds that a token holds: SMART asks for at most five minutes."""
_GRANT: Final = "client_credentials"
_ASSERTED: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LARGEST: Final = 16_384
_MOST_SCOPES: Final = 40
_LONGEST_SCOPE: Final = 1_500
"""Letters of all scopes together: what KMS signs has 4,096 bytes."""
_UNCACHED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_KNOWN_FOR: Final = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


class OAuthError(Exception):
    """A refusal as RFC 6749 has it. Attributes: code: `invalid_scope`, say; status: of HTTP."""

    def __init__(self, code: str, says: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(says)
        self.code = code
        self.status = status


class Assertions(Protocol):
    """Verifies client assertions."""

    def issuer(self, assertion: str) -> str:
        """Return the client that it names. Raises: Unauthenticated."""

    def verify(self, assertion: str, client: Registration) -> Any:
        """Return its `jti` and `expires_at`. Raises: Unauthenticated, Retryable."""


class Register(Protocol):
    """Knows clients and the assertions that they have used."""

    def registration(self, client_id: str) -> Registration | None:
        """Return how a client proves itself; None when it is not registered."""

    def use_once(self, client_id: str, jti: str, expires_at: int) -> bool:
        """Note that an assertion is used; False when it was used before."""


class Signer(Protocol):
    """Signs tokens."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token with these claims."""

    def key_set(self) -> bytes:
        """Return the public keys as JSON."""


class TokenEndpoint:
    """Answers the three routes."""

    def __init__(
        self, base_url: str, assertions: Assertions, register: Register, signer: Signer
    ) -> None:
        """Take the API's address, which is the issuer's name, and what the grant needs."""
        self._base_url = base_url
        self._assertions = assertions
        self._register = register
        self._signer = signer

    def resolve(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one event of API Gateway (payload format 2.0)."""
        path = str(event["rawPath"]).rstrip("/")
        try:
            if path.endswith(CONFIGURATION):
                return _answer(HTTPStatus.OK, smart_configuration(self._base_url), _KNOWN_FOR)
            if path.endswith(KEYS):
                return _answer(HTTPStatus.OK, json.loads(self._signer.key_set()), _KNOWN_FOR)
            return _answer(HTTPStatus.OK, self._granted(_form(event)), _UNCACHED)
        except OAuthError as error:
            logger.warning("grant refused", extra={"reason": error.code})
            body = {"error": error.code, "error_description": str(error)}
            return _answer(error.status, body, _UNCACHED)
        except Retryable as error:
            logger.error("grant failed", extra={"error": type(error).__name__})
            body = {"error": "temporarily_unavailable", "error_description": str(error)}
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, body, {**_UNCACHED, "Retry-After": "2"})
        except RouterError as error:
            logger.error("grant failed", extra={"error": type(error).__name__})
            body = {"error": "server_error", "error_description": "Tell operations."}
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, body, _UNCACHED)

    def _granted(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("grant_type") != _GRANT:
            raise OAuthError("unsupported_grant_type", f"The grant_type is {_GRANT}.")
        if form.get("client_assertion_type") != _ASSERTED or not form.get("client_assertion"):
            raise OAuthError("invalid_request", f"Send a client_assertion of type {_ASSERTED}.")
        client = self._proven(form["client_assertion"])
        if form.get("client_id", client.client_id) != client.client_id:
            raise OAuthError("invalid_request", "The client_id is not the assertion's iss.")
        wanted = form.get("scope", "").split()
        scopes = [scope for scope in dict.fromkeys(wanted) if covered(client.scopes, scope)]
        scope, now = " ".join(scopes), int(time())
        if not scopes or len(scopes) > _MOST_SCOPES or len(scope) > _LONGEST_SCOPE:
            may = " ".join(sorted(client.scopes))
            raise OAuthError("invalid_scope", f"Ask for scopes that this client has: {may}.")
        token = self._signer.sign(
            {
                "iss": self._base_url,
                "aud": f"{self._base_url}/fhir",
                "sub": client.client_id,
                "client_id": client.client_id,
                "scope": scope,
                "iat": now,
                "exp": now + LIFE_S,
                "jti": secrets.token_urlsafe(16),
            }
        )
        return {"access_token": token, "token_type": "bearer", "expires_in": LIFE_S, "scope": scope}

    def _proven(self, assertion: str) -> Registration:
        """Return the client that an assertion proves; it proves it once."""
        try:
            client = self._register.registration(self._assertions.issuer(assertion))
            said = self._assertions.verify(assertion, client) if client else None
        except Unauthenticated as error:
            raise _invalid_client(str(error)) from None
        if client is None or said is None:
            raise _invalid_client("This client is not registered, or no longer.")
        if not self._register.use_once(client.client_id, said.jti, said.expires_at):
            raise _invalid_client("This assertion was used: each needs a jti of its own.")
        return client


def _invalid_client(says: str) -> OAuthError:
    return OAuthError("invalid_client", says, HTTPStatus.UNAUTHORIZED)


def _form(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the form that was posted; what is there twice is refused, as RFC 6749 asks."""
    text = str(event.get("body") or "")
    if len(text) > _LARGEST:
        raise OAuthError("invalid_request", f"Send at most {_LARGEST} bytes.")
    if event.get("isBase64Encoded"):
        try:
            text = base64.b64decode(text, validate=True).decode()
        except ValueError:
            raise OAuthError("invalid_request", "Send a form in UTF-8.") from None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise OAuthError("invalid_request", "Send a form of few fields.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "Send each field once.")
    return form


def _answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"Content-Type": "application/json", **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
