"""Who calls, as the gateway's authorizer found it and hands it to the functions behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Unauthenticated

EXPIRED: Final = "The access token has expired: ask the token endpoint for a new one."
NO_ZONE: Final = "UTC"
"""The zone of a tenant that has none on record."""
_NOBODY: Final = "Send the access token that the token endpoint gave you in Authorization: Bearer."


class VerifiedToken(NamedTuple):
    """What an access token says, once its signature and its claims hold.

    Attributes:
        subject: the client id of a machine; the sign-in name of a person.
        is_person: whether a person signed in.
        expires_at: seconds since 1970, of real time.
    """

    subject: str
    is_person: bool
    scopes: frozenset[str]
    expires_at: int


class Caller(NamedTuple):
    """A principal with a token that holds.

    Attributes:
        scopes: what its token allows.
        expires_at: when its token ends: seconds since 1970, of real time.
        time_zone: IANA name of its tenant's: a bare date in what it sends is a day there.
    """

    principal: Principal
    scopes: frozenset[str]
    expires_at: int
    time_zone: str = NO_ZONE

    def handed_over(self) -> dict[str, str | int]:
        """Return what the gateway keeps for a minute and hands to the functions.

        Client and tenant stand beside the principal for the access log.
        """
        return {
            "principal": self.principal.model_dump_json(),
            "client_id": self.principal.client_id,
            "tenant": self.principal.tenant,
            "scope": " ".join(sorted(self.scopes)),
            "expires_at": self.expires_at,
            "time_zone": self.time_zone,
        }

    @classmethod
    def received(cls, handed_over: Mapping[str, Any], now: float) -> Self:
        """Read what the authorizer handed over.

        Args:
            handed_over: its context; empty where no authorizer was asked.
            now: seconds since 1970, of real time: the gateway's memory may outlive the token.

        Raises:
            Unauthenticated: there is no caller, or no longer.
        """
        if "principal" not in handed_over:
            raise Unauthenticated(str(handed_over.get("refused", _NOBODY)))
        if float(handed_over["expires_at"]) <= now:
            raise Unauthenticated(EXPIRED)
        return cls(
            Principal.model_validate_json(handed_over["principal"]),
            frozenset(str(handed_over["scope"]).split()),
            int(float(handed_over["expires_at"])),
            str(handed_over.get("time_zone", NO_ZONE)),
        )


def refusal(why: str) -> dict[str, str | int]:
    """Return what the authorizer hands over in a caller's place: why there is none."""
    return {"refused": why}
