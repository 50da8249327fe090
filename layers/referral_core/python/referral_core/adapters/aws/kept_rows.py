"""The last rows of each question, beside Athena's own results: the bucket forgets both in days."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.adapters.aws.service_errors import translated
from referral_core.domain.ids import Tenant
from referral_core.ports.lake import KeptRows

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_NOT_THERE: Final = frozenset({"NoSuchKey", "404"})


class S3KeptRows:
    """One object a tenant and question, written over; its encryption is the bucket's own."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Take an S3 client and the name of the bucket of results."""
        self._client = client
        self._bucket = bucket

    def kept(self, tenant: Tenant, question: str) -> KeptRows | None:
        """Return the rows of a question."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=_key(tenant, question))
            body = json.loads(found["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise translated("The figures that were kept could not be read", error) from error
        except BotoCoreError as error:
            raise translated("The figures that were kept could not be read", error) from error
        return KeptRows(datetime.fromisoformat(body["as_of"]), body["statement"], body["rows"])

    def keep(self, tenant: Tenant, question: str, kept: KeptRows) -> None:
        """Keep the rows of a question; numbers that JSON lacks are kept as their text."""
        body = {**kept._asdict(), "as_of": kept.as_of.isoformat()}
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=_key(tenant, question),
                Body=json.dumps(body, default=str).encode(),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise translated("The figures could not be kept", error) from error


def _key(tenant: Tenant, question: str) -> str:
    return f"kept/{tenant}/{question}.json"
