"""The queue of notices behind the Notices port: ids only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.domain.errors import Retryable
from referral_core.domain.ids import ReferralId, Tenant

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class SqsNotices:
    """Asks for the delivery of notices."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Take an SQS client and the queue."""
        self._client = client
        self._url = url

    def enqueue(self, tenant: Tenant, referral_id: ReferralId, number: int) -> None:
        """Ask for delivery; the courier knows a notice that is delivered already."""
        message = {"tenant": tenant, "referral_id": referral_id, "notice": number}
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(message))
        except (ClientError, BotoCoreError) as error:
            raise Retryable("The notice could not be queued.") from error
