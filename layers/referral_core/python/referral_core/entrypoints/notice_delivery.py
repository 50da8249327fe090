"""Notices on their way to the referring provider's EHR: tried again for up to 72 hours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from referral_core.domain.errors import Conflict, NotFound, Permanent, Refused, Retryable
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.pause import PauseScope
from referral_core.domain.referral import Notice, Referral
from referral_core.domain.updates import NoticeDelivered, NoticeUndeliverable
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.sweep_notices import came_of
from referral_core.observability import logger
from referral_core.ports.lifecycle import Clock, Directory, Ehr, Referrals

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_FIRST_RETRY_S: Final = 30
_LONGEST_RETRY_S: Final = 4 * 3600
_DOUBLINGS: Final = 10


@dataclass(frozen=True)
class NoticeDelivery:
    """Delivers queued notices and submits what came of each as an update."""

    engine: Engine
    referrals: Referrals
    directory: Directory
    ehr: Ehr
    clock: Clock
    queue: SQSClient
    queue_url: str

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Deliver one batch; what is to be tried again stays in the queue, for longer each time."""
        failed = [record for record in event["Records"] if not self._is_done(record)]
        return {"batchItemFailures": [{"itemIdentifier": str(r["messageId"])} for r in failed]}

    def _is_done(self, record: Mapping[str, Any]) -> bool:
        """Deliver one message; what fails in whatever way fails alone, and comes again later."""
        body, handle, receives = message_of(record)
        try:
            if self.deliver(body):
                return True
        except Exception as error:  # noqa: BLE001 - the outermost place of a notice
            logger.error("notice not delivered", extra={"error": type(error).__name__})
        try:
            self.queue.change_message_visibility(
                QueueUrl=self.queue_url,
                ReceiptHandle=handle,
                VisibilityTimeout=retry_in(receives),
            )
        except Exception as error:  # noqa: BLE001 - botocore's; the queue's own pause holds then
            logger.warning("pause of a notice not set", extra={"error": type(error).__name__})
        return False

    def deliver(self, body: str) -> bool:
        """Deliver one notice.

        Args:
            body: the queue message: a `NoticeRequest`.

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
        if notice is None or notice.delivered_at or message["ask"] < notice.asks:
            return True
        if any(p.scope is PauseScope.TENANT for p in self.directory.pauses(tenant)):
            return False  # it stays in the queue, and goes out once operations resume
        try:
            system = self.directory.ehr(tenant, referral.referrer)
            self.ehr.notify(system, referral, notice)
        except Refused:
            return self._record(referral, notice, NoticeUndeliverable)
        except (Retryable, Permanent) as error:
            if isinstance(error, Permanent):
                # An address, a token, a directory: what operations mend while there is time.
                logger.error("EHR is not configured as it answers", extra={"text": str(error)})
            if self.clock.now() < notice.give_up_at:
                return False
            return self._record(referral, notice, NoticeUndeliverable)
        return self._record(referral, notice, NoticeDelivered)

    def _record(
        self,
        referral: Referral,
        notice: Notice,
        result: type[NoticeDelivered | NoticeUndeliverable],
    ) -> bool:
        """Record what came of a notice; return whether it is on record."""
        update = came_of(notice, result, self.clock.now())
        try:
            apply_update(self.engine, referral.tenant, referral.id, update)
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
