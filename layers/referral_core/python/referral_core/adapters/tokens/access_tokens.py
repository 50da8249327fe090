"""Whose access tokens are taken: the user pool's and our own, each by its issuer's keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt import PyJWK
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from referral_core.domain.access.caller import EXPIRED, VerifiedToken
from referral_core.domain.errors import Forbidden, Unauthenticated

ALGORITHM: Final = "RS256"
"""What both issuers sign with; a token's own word about it is never taken."""
_LEEWAY_S: Final = 5
_REQUIRED: Final = ("exp", "iat", "iss")


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken.

    Attributes:
        name: its tokens' `iss`.
        key: returns the key of an id; raises Unauthenticated.
        subject: reads from the claims whom a token speaks for, and whether that is a person.
        audience: the `aud` that its tokens must have; None: they name their client instead.
    """

    name: str
    key: Callable[[str], PyJWK]
    subject: Callable[[Mapping[str, Any]], tuple[str, bool]]
    audience: str | None = None


class AccessTokens:
    """Verifies access tokens; nothing of one is used before its signature holds."""

    def __init__(self, *issuers: Issuer) -> None:
        """Take the issuers."""
        self._issuers = {issuer.name: issuer for issuer in issuers}

    def verify(self, token: str) -> VerifiedToken:
        """Return what a token says.

        Raises:
            Forbidden: it is none of ours: nobody we know signed it for us.
            Unauthenticated: it was good once: it has expired.
            Retryable: the issuer's keys cannot be had.
        """
        try:
            claims, issuer = self._claims(token)
            subject, is_person = issuer.subject(claims)
        except ExpiredSignatureError:
            raise Unauthenticated(EXPIRED) from None
        except (
            PyJWTError,
            Unauthenticated,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:
            raise Forbidden(f"The token is none of ours: {type(error).__name__}.") from None
        scopes = frozenset(str(claims.get("scope", "")).split())
        return VerifiedToken(subject, is_person, scopes, int(claims["exp"]))

    def _claims(self, token: str) -> tuple[Mapping[str, Any], Issuer]:
        named = jwt.decode(token, options={"verify_signature": False}).get("iss")
        issuer = self._issuers.get(str(named))
        key_id = jwt.get_unverified_header(token).get("kid")
        if issuer is None or not key_id:
            raise Unauthenticated("Nobody whose tokens are taken issued this one.")
        claims = jwt.decode(
            token,
            issuer.key(key_id),
            algorithms=[ALGORITHM],
            audience=issuer.audience,
            issuer=issuer.name,
            leeway=_LEEWAY_S,
            options={"require": list(_REQUIRED), "verify_aud": issuer.audience is not None},
        )
        return claims, issuer


def pool(name: str, key: Callable[[str], PyJWK], console: str) -> Issuer:
    """Return the user pool as an issuer.

    Its access tokens have no audience. A machine's names its client, which must be a principal;
    a person's also names whoever signed in, and must come from the console.

    Args:
        name: the pool's issuer.
        key: of an id.
        console: the app client at which people sign in.
    """

    def subject(claims: Mapping[str, Any]) -> tuple[str, bool]:
        if claims.get("token_use") != "access":
            raise Unauthenticated("Only access tokens are taken.")
        person = claims.get("username")
        if person is None:
            return str(claims["client_id"]), False
        if claims.get("client_id") != console:
            raise Unauthenticated("People sign in at the console.")
        return str(person), True

    return Issuer(name, key, subject)


def own(name: str, key: Callable[[str], PyJWK], audience: str) -> Issuer:
    """Return our own token endpoint as an issuer: its tokens speak for machines."""

    def subject(claims: Mapping[str, Any]) -> tuple[str, bool]:
        return str(claims["client_id"]), False

    return Issuer(name, key, subject, audience)
