"""What the outbox reads of a projection's image, without loading the aggregate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.stored_text import text_of
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.run import Projected


def projected_in(found: Mapping[str, Any]) -> Projected:
    """Read the projection's item, or an image of it, as plain values."""
    tenant, referral_id = keys.referral_of(found["pk"])
    body = json.loads(text_of(found["body"]))
    return Projected(
        tenant=tenant,
        id=referral_id,
        run=int(found["run"]),
        # A body leaves out what has its default value: the first step.
        current_step=Step(body.get("current_step", Step.CHECK_READINESS)),
        is_closed=Status(found["status"]) is Status.CLOSED,
        referrer=str(body["referrer"]),
        # What has its default value a body leaves out here too.
        asks={int(n["number"]): int(n.get("asks", 1)) for n in body.get("notices", ())},
    )
