"""Keys made of what must not be read back from them: hashed under a secret key, by its version.

A phone number, a birth date or an order's number has so few values that a plain hash of it is
reversed in seconds. The version stands in the key, so that a secret key can be exchanged: what is
written is written under the current one, what is looked up is looked up under all that are kept.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NoReturn

from referral_core.adapters.aws.dynamodb import keys
from referral_core.domain.ids import Tenant
from referral_core.domain.new_referral import KeyKind

CURRENT: Final = "current"
"""What of the secret names the version that is written; every other name is a version."""
_SHORTEST: Final = 32
"""Characters of a secret key; the stack generates twice as many."""

Partitions = tuple[str, ...]
"""Where a value's items may be: first where it is written, then under older secret keys."""


class HashedKeys:
    """Composes the partitions of what is hashed."""

    def __init__(self, secret: Callable[[], str]) -> None:
        """Take where the secret is read: JSON of `current` and of each version's secret key.

        It is asked each time, and expected to remember the answer for minutes.
        """
        self._secret = secret

    def locks(self, tenant: Tenant, kind: KeyKind, value: str) -> Partitions:
        """Return the partitions of a lock's value, one item an owner."""
        return tuple(keys.lock(tenant, kind, h) for h in self._hashed(tenant, kind, value))

    def identifiers(self, tenant: Tenant, value: str) -> Partitions:
        """Return the partitions of an identifier that several orders may have."""
        return tuple(keys.identifier(tenant, h) for h in self._hashed(tenant, "identifier", value))

    def phones(self, tenant: Tenant, contact_hash: str) -> Partitions:
        """Return the partitions of a number: its referrals, its messages, its opt-out."""
        return tuple(keys.phone(tenant, h) for h in self._hashed(tenant, "phone", contact_hash))

    def numbers(self, tenant: Tenant, folded: str) -> Partitions:
        """Return the partitions of the referrals that bear a placer's number."""
        return tuple(keys.number(tenant, h) for h in self._hashed(tenant, "number", folded))

    def pseudonym(self, tenant: Tenant, patient: str) -> str:
        """Return what a patient is called in figures.

        Under the oldest secret key that is kept, so that a new one makes nobody two people.
        """
        return self._hashed(tenant, "patient", patient)[-1]

    def mappings(self, tenant: Tenant, key: str) -> Partitions:
        """Return the partitions of what a code or words mean: words may be PHI."""
        return tuple(keys.mapping(tenant, h) for h in self._hashed(tenant, "mapping", key))

    def _hashed(self, *named: str) -> tuple[str, ...]:
        """Return the hashes of a value in its place (tenant, kind), the current one first.

        Raises:
            RuntimeError: the secret is not what the stack makes it.
        """
        try:
            return tuple(_hash(*kept, *named) for kept in _versions(self._secret()))
        except (ValueError, KeyError, AttributeError, TypeError):
            # An error about it would quote it.
            raise RuntimeError("The secret of hashed keys is not valid.") from None


@lru_cache(maxsize=1)
def _versions(secret: str) -> tuple[tuple[str, bytes], ...]:
    """Return each version with its secret key, the current one first; a POST asks six times."""
    known = json.loads(secret)
    current = known.pop(CURRENT)
    versions = [current, *(v for v in sorted(known, reverse=True) if v != current)]
    if any(len(known[version]) < _SHORTEST for version in versions):
        raise ValueError("a longer secret key is needed")
    return tuple((version, known[version].encode()) for version in versions)


def _hash(version: str, secret: bytes, *named: str) -> str:
    digest = hmac.digest(secret, "\0".join(named).encode(), "sha256")
    return f"{version}.{digest.hex()}"


def _no_secret() -> NoReturn:
    raise RuntimeError("Keys are hashed here, and no secret was given.")


NO_HASHED_KEYS: Final = HashedKeys(_no_secret)
"""Of what never looks for a hashed key."""
