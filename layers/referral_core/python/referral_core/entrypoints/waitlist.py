"""The waitlist's queue: a place that opened, a referral that joined the line, a clinic that closed.

Each message is one of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral_core.domain.errors import NotFound, RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.run import ClosingRequest
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.routing.closings import Holders, look_at_booked
from referral_core.lifecycle.routing.waitlist import serve_joined, serve_opening
from referral_core.observability import logger, measure


@dataclass(frozen=True)
class WaitlistService:
    """Serves the waitlist for each message; what fails stays in the queue."""

    engine: Engine
    store: Holders

    def handle(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Serve one batch; a message that fails in whatever way fails alone."""
        failed = [record for record in event["Records"] if not self._is_done(record)]
        return {"batchItemFailures": [{"itemIdentifier": str(r["messageId"])} for r in failed]}

    def _is_done(self, record: Mapping[str, Any]) -> bool:
        try:
            served = self.serve(json.loads(record["body"]))
        except Exception as error:  # noqa: BLE001 - the outermost place of a message
            logger.error("waitlist not served", extra={"error": type(error).__name__})
            return False
        if served:
            measure("WaitlistServed", served, "Count")
        return True

    def serve(self, message: Mapping[str, Any]) -> int:
        """Serve one message, a `WaitlistRequest` or `ClosingRequest`; return how many it moved."""
        if "closing" in message:
            return look_at_booked(self.engine, self.store, ClosingRequest(**message))
        tenant, joined = Tenant(message["tenant"]), message["referral_id"]
        if joined is None:
            return serve_opening(self.engine, tenant, message["npi"], message["week"], _failed)
        try:
            return serve_joined(self.engine, tenant, ReferralId(joined), _failed)
        except NotFound:
            logger.error("an unknown referral joined the waitlist", extra={"referral_id": joined})
            return 0


def _failed(referral_id: ReferralId, error: RouterError) -> None:
    logger.error(
        "turn of a waiting referral failed",
        extra={"referral_id": referral_id, "error": type(error).__name__},
    )
