"""Client assertions: a JSON web token by which a client proves that it has its key (RFC 7523)."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any, Final, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from referral_core.adapters.tokens.key_sets import KeySet, read_keys
from referral_core.domain.access.registration import Registration
from referral_core.domain.errors import Permanent, Retryable, Unauthenticated

_RSA: Final = "RS384"
_EC: Final = "ES384"
ALGORITHMS: Final = (_RSA, _EC)
"""What SMART asks every server to take."""
_LONGEST_LIFE_S: Final = 300
_LEEWAY_S: Final = 5
_LONGEST_ID: Final = 255
_KEYS_KEPT_S: Final = 300.0
"""A key that a client withdraws from its address opens nothing after five minutes."""
_SMALLEST_RSA: Final = 2048
_CURVE: Final = "secp384r1"


class Assertion(NamedTuple):
    """An assertion that holds. Attributes: jti: its own name; expires_at: seconds since 1970."""

    jti: str
    expires_at: int


class ClientAssertions:
    """Verifies client assertions; nothing of one is used before its signature holds."""

    def __init__(self, audience: str, fetch: Callable[[str], bytes]) -> None:
        """Take the token endpoint's address, and what fetches a client's keys."""
        self._audience = audience
        self._fetch = fetch
        self._published: dict[str, KeySet] = {}

    @staticmethod
    def issuer(assertion: str) -> str:
        """Return which client an assertion says that it is of; nothing of it holds yet.

        Raises:
            Unauthenticated: it is none.
        """
        try:
            named = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        except (PyJWTError, TypeError, ValueError, RecursionError):
            raise Unauthenticated("The assertion is no JSON web token.") from None
        if not isinstance(named, str) or not 0 < len(named) <= _LONGEST_ID:
            raise Unauthenticated("The assertion names no client in iss.")
        return named

    def verify(self, assertion: str, client: Registration) -> Assertion:
        """Return what an assertion says.

        Raises:
            Unauthenticated: it does not hold; the sentence says why.
            Retryable: the client's keys cannot be had now.
        """
        try:
            return self._verified(assertion, client)
        except PyJWTError as error:
            raise Unauthenticated(f"The assertion does not hold: {error}.") from None
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise Unauthenticated(f"The assertion does not hold: {type(error).__name__}.") from None

    def _verified(self, assertion: str, client: Registration) -> Assertion:
        header = jwt.get_unverified_header(assertion)
        if header.get("jku", client.keys_url) != client.keys_url:
            raise Unauthenticated("Its jku is not the address that is registered.")
        key = self._key(client, str(header.get("kid", "")))
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS or not _fits(key, algorithm):
            raise Unauthenticated(f"Sign with {' or '.join(ALGORITHMS)} and a key for it.")
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=client.client_id,
            leeway=_LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
        if claims["sub"] != client.client_id:
            raise Unauthenticated("Its sub is not its iss.")
        expires_at = int(claims["exp"])
        if expires_at > time() + _LONGEST_LIFE_S + _LEEWAY_S:
            raise Unauthenticated("It must expire within five minutes.")
        jti = claims["jti"]
        # Half a character has no bytes: what it is remembered under could not be made of it.
        is_text = isinstance(jti, str) and jti.isprintable()
        if not is_text or not 0 < len(jti) <= _LONGEST_ID:
            raise Unauthenticated(f"Its jti must be a text of at most {_LONGEST_ID} letters.")
        return Assertion(jti, expires_at + _LEEWAY_S)

    def _key(self, client: Registration, key_id: str) -> PyJWK:
        if client.keys is not None:
            found = read_keys(client.keys).get(key_id)
            if found is None:
                raise Unauthenticated("Its kid is none of the keys that are registered.")
            return found
        url = str(client.keys_url)
        published = self._published.setdefault(
            url, KeySet(lambda: self._read(url), kept_s=_KEYS_KEPT_S)
        )
        return published(key_id)

    def _read(self, url: str) -> bytes:
        try:
            return self._fetch(url)
        except Permanent as error:
            raise Retryable(str(error)) from error


def _fits(key: PyJWK, algorithm: str) -> bool:
    """Return whether a key is public, of the algorithm's kind, and long enough."""
    public: object = key.key
    if isinstance(public, rsa.RSAPublicKey):
        return algorithm == _RSA and public.key_size >= _SMALLEST_RSA
    if isinstance(public, ec.EllipticCurvePublicKey):
        return algorithm == _EC and public.curve.name == _CURVE
    return False
