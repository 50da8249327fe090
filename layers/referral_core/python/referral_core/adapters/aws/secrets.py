"""Secrets, kept for minutes: a partner's token that is rotated reaches a warm function soon."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.service_errors import service_errors

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

KEPT_S: Final = 300.0
"""How long a secret is taken for what it was when it was read."""


class CachedSecrets:
    """Secrets as they were at most five minutes ago; there are as many as partners."""

    def __init__(
        self, client: SecretsManagerClient, seconds: Callable[[], float] = monotonic
    ) -> None:
        """Take a client, and the seconds that end what is known: of a machine, not of business."""
        self._client = client
        self._seconds = seconds
        self._known: dict[str, tuple[float, str]] = {}

    def __call__(self, name: str) -> str:
        """Return a secret by its name. Raises: Retryable, Permanent: it cannot be read."""
        known = self._known.get(name)
        if known is not None and self._seconds() - known[0] < KEPT_S:
            return known[1]
        return self.read_again(name)

    def read_again(self, name: str) -> str:
        """Read a secret whatever is known: a partner no longer takes the one that is."""
        with service_errors("A secret could not be read"):
            found = self._client.get_secret_value(SecretId=name)
        secret = str(found["SecretString"])
        self._known[name] = (self._seconds(), secret)
        return secret
