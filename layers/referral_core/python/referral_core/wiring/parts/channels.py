"""All channels to patients."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.print_queue import PrintedLetters
from referral_core.adapters.aws.ses import SesEmail
from referral_core.adapters.channels import Channels
from referral_core.adapters.http.portal import PortalMessages
from referral_core.ports.lifecycle import Messenger
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.ehr import ehr
from referral_core.wiring.parts.text_messages import by_phone


@cache
def channels() -> Messenger:
    """Return all channels to patients."""
    env = settings()
    return Channels(
        {
            "sms": by_phone(),
            "voice": by_phone(),
            "email": SesEmail(aws_client("sesv2", attempts=1), env.need("email_from")),
            "letter": PrintedLetters(documents(), aws_client("sqs"), env.need("print_queue_url")),
            "portal": PortalMessages(ehr(), directory(), clock()),
        }
    )
