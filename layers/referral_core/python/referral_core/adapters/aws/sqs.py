"""The queues behind the ports of notices and of the waitlist: ids only."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.run import ClosingRequest, NoticeRequest, WaitlistRequest

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class SqsNotices:
    """Asks for the delivery of notices."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Take an SQS client and the queue."""
        self._client = client
        self._url = url

    def enqueue(self, request: NoticeRequest) -> None:
        """Ask for delivery, in a group of the EHR's own: the queue is fair between groups."""
        with service_errors("The notice could not be queued"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=json.dumps(asdict(request)),
                MessageGroupId=_group(request),
            )


class SqsWaitlistRequests:
    """Asks for the waitlist to be served."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Take an SQS client and the queue."""
        self._client = client
        self._url = url

    def enqueue(self, request: WaitlistRequest | ClosingRequest) -> None:
        """Ask for it to be served."""
        with service_errors("What opened, or closed, could not be queued"):
            self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(asdict(request)))


def _group(request: NoticeRequest) -> str:
    """Return the group's name; hashed, since an EHR's id may be longer than a group's may."""
    return sha256(f"{request.tenant}#{request.ehr}".encode()).hexdigest()
