"""Our own issuer's keys: they lie in KMS and never leave it; what they sign anybody can verify."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt.algorithms import RSAAlgorithm

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.adapters.tokens.access_tokens import ALGORITHM
from referral_core.domain.errors import Permanent

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

_IN_KMS: Final = "RSASSA_PKCS1_V1_5_SHA_256"
_UNREADABLE: Final = "The issuer's keys could not be read"


class SigningKeys:
    """RSA keys of KMS: the first signs, all are published, so that a key can be replaced."""

    def __init__(self, client: KMSClient, key_ids: Sequence[str]) -> None:
        """Take a KMS client and the keys' ids or ARNs."""
        self._client = client
        self._key_ids = key_ids

    def key_set(self) -> bytes:
        """Return the public keys as a JSON web key set.

        Raises:
            Retryable, Permanent: KMS does not say.
        """
        return json.dumps({"keys": self._published}).encode()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return an access token with these claims.

        Raises:
            Retryable, Permanent: KMS does not sign.
        """
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._published[0]["kid"]}
        said = f"{_part(_json(header))}.{_part(_json(claims))}"
        with service_errors("A token could not be signed"):
            signed = self._client.sign(
                KeyId=self._key_ids[0],
                Message=said.encode(),
                MessageType="RAW",
                SigningAlgorithm=_IN_KMS,
            )
        return f"{said}.{_part(signed['Signature'])}"

    @cached_property
    def _published(self) -> list[dict[str, Any]]:
        return [self._public(key_id) for key_id in self._key_ids]

    def _public(self, key_id: str) -> dict[str, Any]:
        with service_errors(_UNREADABLE):
            der = self._client.get_public_key(KeyId=key_id)["PublicKey"]
        public = load_der_public_key(der)
        if not isinstance(public, RSAPublicKey):
            raise Permanent("A key that signs tokens is no RSA key.")
        key = RSAAlgorithm.to_jwk(public, as_dict=True)
        # The thumbprint of RFC 7638: what is required, in the order of the alphabet.
        named = _json({name: key[name] for name in ("e", "kty", "n")})
        kid = _part(sha256(named).digest())
        return {
            "kty": "RSA",
            "n": key["n"],
            "e": key["e"],
            "kid": kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
