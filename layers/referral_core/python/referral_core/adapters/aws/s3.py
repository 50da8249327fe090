"""The document bucket behind the Documents port: content under its hash, written once."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.domain.errors import Retryable
from referral_core.domain.ids import Tenant

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_THERE_ALREADY: Final = "PreconditionFailed"


class S3Documents:
    """Stores documents under `<tenant>/<SHA-256>`.

    A request that named an encryption would override the bucket's own, which is the product's
    key: so none is named.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Take an S3 client and the bucket's name."""
        self._client = client
        self._bucket = bucket

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document unless it is there; return its SHA-256 in hex.

        Raises:
            Retryable: the bucket did not take it.
        """
        digest = sha256(content).hexdigest()
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{tenant}/{digest}",
                Body=content,
                ContentType=content_type or "application/octet-stream",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _THERE_ALREADY:
                raise Retryable("The document could not be stored; send it again.") from error
        except BotoCoreError as error:
            raise Retryable("The document could not be stored; send it again.") from error
        return digest
