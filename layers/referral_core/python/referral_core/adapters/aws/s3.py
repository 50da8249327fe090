"""The document bucket behind the Documents port: content under its hash, written once."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.domain.errors import NotFound, Retryable
from referral_core.domain.ids import Tenant
from referral_core.domain.upload import KEPT, LARGEST, Uploaded
from referral_core.metering import DOCUMENT_KB, METER

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from referral_core.domain.announced_upload import Announced, UploadTarget

_THERE_ALREADY: Final = "PreconditionFailed"
_NOT_THERE: Final = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})
"""Who may not list a bucket is told no more of a missing object than of another's."""
_KB: Final = 1024
_VALID_FOR: Final = timedelta(minutes=15)
_READ_FOR: Final = timedelta(minutes=1)
UPLOADS: Final = "uploads"
"""Under which documents lie that nobody has verified yet; the bucket forgets them after `KEPT`."""


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
        digest = hashlib.sha256(content).hexdigest()
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
        else:
            METER.add(DOCUMENT_KB, -(-len(content) // _KB))
        return digest

    def upload_target(self, announced: Announced) -> UploadTarget:
        """Sign a PUT of this document and no other: its size, type and checksum are signed too."""
        checksum = b64encode(bytes.fromhex(announced.sha256)).decode()
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": _staged(announced.tenant, announced.sender, announced.sha256),
                "ContentType": announced.content_type,
                "ContentLength": announced.size,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=int(_VALID_FOR.total_seconds()),
        )
        headers = {
            "Content-Type": announced.content_type,
            "Content-Length": str(announced.size),
            "x-amz-checksum-sha256": checksum,
        }
        # A signature is on real time, whatever the business clock says.
        from referral_core.domain.announced_upload import (  # noqa: PLC0415 - intake answers none
            UploadTarget,
        )

        now = datetime.now(UTC)
        return UploadTarget(
            url=url, headers=headers, expires_at=now + _VALID_FOR, kept_until=now + KEPT
        )

    def uploaded(self, tenant: Tenant, sender: str, sha256: str) -> Uploaded | None:
        """Read what a sender uploaded, at most one byte more than a document may have.

        Raises:
            Retryable: the bucket did not give it.
        """
        key = _staged(tenant, sender, sha256)
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            return Uploaded(found["Body"].read(LARGEST + 1), found["ContentType"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise Retryable("The upload could not be read; send it again.") from error
        except BotoCoreError as error:
            raise Retryable("The upload could not be read; send it again.") from error

    def download_address(self, tenant: Tenant, sha256: str) -> str:
        """Sign a GET of this document and no other; it is saved, never shown in a page of S3's."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": f"{tenant}/{sha256}",
                "ResponseContentDisposition": f'attachment; filename="{sha256[:12]}"',
            },
            ExpiresIn=int(_READ_FOR.total_seconds()),
        )

    def get(self, tenant: Tenant, sha256: str) -> bytes:
        """Read a document.

        Raises:
            NotFound: the tenant has no such document.
            Retryable: the bucket did not give it.
        """
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=f"{tenant}/{sha256}")
            return found["Body"].read()
        except self._client.exceptions.NoSuchKey as error:
            raise NotFound("There is no such document.") from error
        except (ClientError, BotoCoreError) as error:
            raise Retryable("The document could not be read; ask again.") from error


def _staged(tenant: Tenant, sender: str, digest: str) -> str:
    return f"{UPLOADS}/{tenant}/{hashlib.sha256(sender.encode()).hexdigest()[:32]}/{digest}"
