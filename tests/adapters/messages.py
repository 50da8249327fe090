"""Messages as the steps make them."""

from __future__ import annotations

from typing import Any

from referral_core.domain.messages import Message


def a_message(**fields: Any) -> Message:
    """Make a text message, unless its fields say otherwise."""
    base = {
        "tenant": "lakeside",
        "referral_id": "r1",
        "channel": "sms",
        "to": "+15085550131",
        "body": "Reply YES to go ahead",
        "reference": "r1-c1",
    }
    return Message.model_validate({**base, **fields})
