"""Amazon SES (API v2) behind the Messenger port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.at_most_once import require_one_attempt, send_once
from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

_UTF8: Final = "UTF-8"


class SesEmail:
    """Sends plain text by email; the client must not retry, since a repeat is a second message.

    There is no other address to reply to than the sender's: an answer by email would be PHI in a
    mailbox that nobody keeps. The text asks for a call.
    """

    def __init__(self, client: SESV2Client, sender: str) -> None:
        """Take a client and the address to send from, of a verified identity.

        Raises:
            ValueError: the client would send a message again by itself.
        """
        require_one_attempt(client)
        self._client = client
        self._sender = sender

    def send(self, message: Message) -> int:
        """Send one email; return 1.

        Raises:
            Retryable: throttled, unavailable or unreachable: surely not sent.
            DeliveryUnknown: the service failed, or fell silent, after taking the request.
            Permanent: the service refuses it (no such address, sender not verified, paused).
        """
        name, _, domain = message.to.rpartition("@")
        if message.channel != "email" or not name or not domain:
            raise Permanent("The message is none to an email address.")
        send_once(
            "email service",
            self._client.send_email,
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [message.to]},
            Content={
                "Simple": {
                    "Subject": {"Data": message.subject or "", "Charset": _UTF8},
                    "Body": {"Text": {"Data": message.body, "Charset": _UTF8}},
                }
            },
            # Shows in SES's own events, which so name the message without its address.
            EmailTags=[{"Name": "reference", "Value": message.reference}],
        )
        return 1
