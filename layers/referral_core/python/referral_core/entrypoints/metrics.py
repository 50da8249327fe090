"""Stream events become CloudWatch metrics, by the embedded metric format, with few dimensions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.observability import measure

if TYPE_CHECKING:
    from referral_core.entrypoints.stream import Image


def record(_old: Image | None, new: Image) -> None:
    """Emit the metrics of one event: received, work items, closed by outcome, time in status.

    The dimensions are closed sets (pathway, reason, outcome, status): a series costs money.
    An event's body is always JSON; the few fields used here are read without the models of all
    events, which would be most of the start.
    """
    event: dict[str, Any] = json.loads(new["body"])
    pathway, to = str(event["dimensions"]["pathway"]), Status(event["to_status"])
    before = event.get("from_status")
    if before is None:  # only the first event comes from nowhere
        measure("ReferralsReceived", 1, "Count", pathway=pathway)
        return
    if event["kind"] == "work-item-opened":
        reason = str((event.get("facts") or {}).get("reason"))
        measure("WorkItemsOpened", 1, "Count", reason=reason)
    if event["kind"] == "routed":
        policy = str((event.get("facts") or {}).get("policy"))
        measure("ReferralsRouted", 1, "Count", policy=policy)
    since = Status(before)
    if to is Status.CLOSED and since is not Status.CLOSED:
        outcome = event.get("outcome")
        named = Outcome(outcome).value if outcome else "none"
        measure("ReferralsClosed", 1, "Count", outcome=named)
        if (event.get("facts") or {}).get("loop_closed"):
            measure("LoopsClosed", 1, "Count", pathway=pathway)
    seconds = event.get("in_status_s")
    if since is not to and seconds is not None:
        measure("TimeInStatus", seconds, "Seconds", status=since.value)
