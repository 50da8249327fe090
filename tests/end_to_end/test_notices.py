"""What lies in the queue of notices; it comes last, since a pause makes every notice late."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from local.stack import Stack
from tests.end_to_end.callers import Caller
from tests.end_to_end.faults import paused_mapping
from tests.end_to_end.orders import a_new_placer, an_order_that_waits
from tests.end_to_end.records import Records
from tests.end_to_end.waiting import until


def of_order(referral_id: str, bodies: Iterable[str]) -> dict[str, Any] | None:
    """Return the first queued notice of a referral."""
    notices = (json.loads(body) for body in bodies)
    return next((n for n in notices if n["referral_id"] == referral_id and n["ask"] == 1), None)


@pytest.mark.waits
def test_a_queued_notice_holds_ids_only(stack: Stack, ehr: Caller, records: Records) -> None:
    # Given nobody takes notices from the queue
    with paused_mapping(stack, "deliver_notices"):
        # When a referral that waits for its author is revoked
        order = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
        ehr.revise({**order, "status": "revoked"}).accepted()
        # Then its notice lies in the queue, and names the referral by id only
        url = stack.deployment["NoticesQueueUrl"]
        notice = until(lambda: of_order(order["id"], records.queued(url)), "a queued notice")
    named = {"tenant": "lakeside", "referral_id": order["id"], "notice": 1}
    assert notice == {**named, "ask": 1, "ehr": "lakeside-ehr"}
    # And it is delivered once somebody takes it
    ended = records.closed(order["id"])
    assert ended.outcome == "cancelled-by-referrer"
    assert ended.loop_closed
