"""The gateway's authorizer: whose token it is, once a minute; the functions behind it are told.

A token that nobody we know signed for us is stopped at the gateway, with 403. Whoever holds one
that was good is let through as nobody, so that the endpoint says with 401 what to do: the gateway
has no words for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from referral_core.domain.access.caller import NO_ZONE, Caller, VerifiedToken, refusal
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import TenantProfile
from referral_core.domain.errors import Forbidden, NotFound, Unauthenticated
from referral_core.domain.ids import Tenant
from referral_core.observability import logger

_SCHEME: Final = "bearer "
_LONGEST: Final = 8192
"""Bytes of a token: those of the pool take some 1,100."""
_NOBODY: Final = "This client is not registered, or no longer: ask operations to onboard it."


class Tokens(Protocol):
    """Verifies access tokens."""

    def verify(self, token: str) -> VerifiedToken:
        """Return what a token says. Raises: Forbidden, Unauthenticated, Retryable."""


class Principals(Protocol):
    """Where principals, and what is configured of their tenants, are read."""

    def principal(self, client_id: str) -> Principal:
        """Return the principal of a verified subject. Raises: Forbidden when unknown."""

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Return the profile of a tenant. Raises: NotFound when it has none."""


class AuthorizeClient:
    """Answers the gateway's question who calls (payload format 2.0, simple response)."""

    def __init__(self, tokens: Tokens, principals: Principals) -> None:
        """Take what verifies tokens and where principals are read."""
        self._tokens = tokens
        self._principals = principals

    def resolve(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return whether the gateway lets the request through, and what the functions are told.

        Raises:
            Retryable: the keys or the principal cannot be read; the gateway keeps no answer.
        """
        try:
            verified = self._tokens.verify(_token(event))
        except Forbidden as error:
            logger.warning("token refused", extra={"reason": str(error)})
            return {"isAuthorized": False}
        except Unauthenticated as error:
            return _nobody(str(error))
        try:
            principal = self._principals.principal(verified.subject)
        except Forbidden:
            return _nobody(_NOBODY)
        if (principal.person is not None) is not verified.is_person:
            # A sign-in name that equals a client's id, or the other way round, is neither.
            return _nobody(_NOBODY)
        zone = self._zone_of(principal.tenant)
        caller = Caller(principal, verified.scopes, verified.expires_at, zone)
        return {"isAuthorized": True, "context": caller.handed_over()}

    def _zone_of(self, tenant: Tenant) -> str:
        """Return the zone of a tenant; one that is not wholly set up yet may call all the same."""
        try:
            return self._principals.tenant(tenant).time_zone
        except NotFound:
            return NO_ZONE


def _nobody(why: str) -> dict[str, Any]:
    logger.warning("caller refused", extra={"reason": why})
    return {"isAuthorized": True, "context": refusal(why)}


def _token(event: Mapping[str, Any]) -> str:
    """Return the token of the header that the gateway keeps its memory by.

    Raises:
        Forbidden: it holds none.
    """
    (header,) = event["identitySource"] or ("",)
    if not header.lower().startswith(_SCHEME) or len(header) > _LONGEST:
        raise Forbidden("The header holds no bearer token.")
    return str(header[len(_SCHEME) :]).strip()
