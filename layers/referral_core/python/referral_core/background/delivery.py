"""Notices on their way to the referring provider's EHR: tried again for up to 72 hours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from referral_core.domain.errors import Conflict, NotFound, Retryable
from referral_core.domain.errors import Final as FinalError
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Notice, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.fhir.ids import notice_id
from referral_core.fhir.resources import notice_communication
from referral_core.observability import logger
from referral_core.ports import Clock, Directory, Ehr, Referrals
from referral_core.steps.engine import Engine

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

GIVE_UP_AFTER: Final = timedelta(hours=72)
_FIRST_RETRY_S: Final = 30
_LONGEST_RETRY_S: Final = 4 * 3600
_DOUBLINGS: Final = 10


@dataclass(frozen=True)
class Courier:
    """Delivers one queued notice and posts what came of it as an update."""

    engine: Engine
    referrals: Referrals
    directory: Directory
    ehr: Ehr
    clock: Clock
    queue: SQSClient
    queue_url: str
    base_url: str

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Deliver one batch; what is to be tried again stays in the queue, for longer each time."""
        failed: list[dict[str, str]] = []
        for record in event["Records"]:
            body, handle, receives = message_of(record)
            if self.deliver(body):
                continue
            self.queue.change_message_visibility(
                QueueUrl=self.queue_url,
                ReceiptHandle=handle,
                VisibilityTimeout=retry_in(receives),
            )
            failed.append({"itemIdentifier": str(record["messageId"])})
        return {"batchItemFailures": failed}

    def deliver(self, body: str) -> bool:
        """Deliver one notice.

        Args:
            body: the queue message: `{"tenant", "referral_id", "notice"}`.

        Returns:
            Whether the message is done with; False: try it again later.
        """
        message = json.loads(body)
        tenant = Tenant(message["tenant"])
        referral_id = ReferralId(message["referral_id"])
        logger.append_keys(referral_id=referral_id)
        try:
            referral = self.referrals.load(tenant, referral_id).referral
        except NotFound:
            logger.error("notice of an unknown referral dropped")
            return True
        notice = next((n for n in referral.notices if n.number == message["notice"]), None)
        if notice is None or notice.delivered_at:
            return True
        try:
            self._send(referral, notice)
        except Retryable:
            if self.clock.now() - notice.queued_at < GIVE_UP_AFTER:
                return False
            return self._post(referral, notice, UpdateKind.NOTICE_UNDELIVERABLE)
        except FinalError:
            return self._post(referral, notice, UpdateKind.NOTICE_UNDELIVERABLE)
        return self._post(referral, notice, UpdateKind.NOTICE_DELIVERED)

    def _send(self, referral: Referral, notice: Notice) -> None:
        system = self.directory.ehr(referral.tenant, referral.referrer)
        resource = notice_communication(referral, notice, f"{self.base_url}/fhir")
        name = notice_id(referral.id, notice.number)
        self.ehr.deliver(system, name, json.dumps(resource).encode())

    def _post(self, referral: Referral, notice: Notice, kind: UpdateKind) -> bool:
        update = Update(
            id=f"{kind}-{notice.number}",
            kind=kind,
            actor="router",
            role=Role.ROUTER,
            received_at=self.clock.now(),
            facts={"notice": notice.number},
        )
        try:
            self.engine.post(referral.tenant, referral.id, update)
        except Conflict:
            return False
        return True


def retry_in(receives: int) -> int:
    """Return the seconds until the next try, doubling from 30 seconds to 4 hours."""
    doublings = min(max(receives - 1, 0), _DOUBLINGS)
    return min(_FIRST_RETRY_S << doublings, _LONGEST_RETRY_S)


def message_of(record: Mapping[str, Any]) -> tuple[str, str, int]:
    """Return (body, receipt handle, times received) of a Lambda SQS record."""
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return str(record["body"]), str(record["receiptHandle"]), receives
