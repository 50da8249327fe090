"""The keys that an issuer publishes (RFC 7517), kept for an hour and looked up by their id."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import monotonic
from typing import Final

from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from referral_core.domain.errors import Retryable, Unauthenticated

_KEPT_S: Final = 3600.0
_ASKED_AGAIN_S: Final = 60.0
"""A key id that nobody knows, made up by anybody, has the set fetched once a minute at most."""


class KeySet:
    """An issuer's keys by their ids."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        seconds: Callable[[], float] = monotonic,
        kept_s: float = _KEPT_S,
    ) -> None:
        """Take what fetches the set as JSON, the seconds that pass, and for how many it holds."""
        self._fetch = fetch
        self._seconds = seconds
        self._kept_s = kept_s
        self._fetched: float | None = None
        self._keys: dict[str, PyJWK] = {}

    def __call__(self, key_id: str) -> PyJWK:
        """Return a key.

        Raises:
            Unauthenticated: the issuer has no such key.
            Retryable: the set cannot be fetched, or is none.
        """
        age = None if self._fetched is None else self._seconds() - self._fetched
        is_old = age is None or age >= self._kept_s
        if is_old or (key_id not in self._keys and age is not None and age >= _ASKED_AGAIN_S):
            self._keys = read_keys(self._fetch())
            self._fetched = self._seconds()
        if key_id not in self._keys:
            raise Unauthenticated("The token names a key that its issuer does not have.")
        return self._keys[key_id]


def read_keys(content: bytes | str) -> dict[str, PyJWK]:
    """Read a JSON web key set; keys without an id, or of no known kind, are left out.

    Raises:
        Retryable: it is none: it may be one when it is read again.
    """
    try:
        found = PyJWKSet.from_dict(json.loads(content))
    except (PyJWTError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise Retryable("The key set cannot be read.") from error
    return {key.key_id: key for key in found.keys if key.key_id}
