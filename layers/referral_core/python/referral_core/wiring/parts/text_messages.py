"""Text messages and voice calls through AWS End User Messaging."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.end_user_messaging import EndUserMessaging
from referral_core.adapters.channels import Channels
from referral_core.ports.lifecycle import Messenger
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def by_phone() -> EndUserMessaging:
    """Return the carrier; it tries once, since a repeat is a second message."""
    carrier = aws_client("pinpoint-sms-voice-v2", attempts=1)
    return EndUserMessaging(carrier, settings().need("sms_origination_identity"))


@cache
def text_messages() -> Messenger:
    """Return the channels of what can only be a text message."""
    return Channels({"sms": by_phone()})
