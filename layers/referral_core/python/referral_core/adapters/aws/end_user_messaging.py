"""AWS End User Messaging behind the Messenger port: text messages and spoken ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.at_most_once import require_one_attempt, send_once
from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message
from referral_core.domain.outreach.sms_parts import parts

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from types_boto3_pinpoint_sms_voice_v2.literals import VoiceIdType

_CARRIER: Final = "carrier"
_VOICES: Final[Mapping[str, VoiceIdType]] = MappingProxyType({"en": "JOANNA", "es": "LUPE"})
"""Amazon Polly's voices of the languages that messages are written in: both as spoken in the US."""


class EndUserMessaging:
    """Sends by SMS or by voice; the client must not retry, since a repeat is a second message."""

    def __init__(self, client: PinpointSMSVoiceV2Client, origination_identity: str) -> None:
        """Take a client and what a tenant without a number of its own sends from: a number or pool.

        Raises:
            ValueError: the client would send a message again by itself.
        """
        require_one_attempt(client)
        self._client = client
        self._origination_identity = origination_identity

    def send(self, message: Message) -> int:
        """Send one message; return its SMS parts, or 1 for a call.

        Raises:
            Retryable: throttled, unavailable or unreachable: surely not sent.
            DeliveryUnknown: the service failed, or fell silent, after taking the request.
            Permanent: the service refuses it (opted out, no such number, over the spend limit).
        """
        match message.channel:
            case "sms":
                return self._text(message)
            case "voice":
                return self._call(message)
            case _:
                raise Permanent(f"The carrier sends nothing by {message.channel}.")

    def _text(self, message: Message) -> int:
        send_once(
            _CARRIER,
            self._client.send_text_message,
            DestinationPhoneNumber=message.to,
            OriginationIdentity=message.sender or self._origination_identity,
            MessageBody=message.body,
            MessageType="TRANSACTIONAL",
            Context={"reference": message.reference},
        )
        return parts(message.body)

    def _call(self, message: Message) -> int:
        voice = _VOICES.get(message.language)
        if voice is None:
            raise Permanent(f"No voice speaks the language {message.language}.")
        send_once(
            _CARRIER,
            self._client.send_voice_message,
            DestinationPhoneNumber=message.to,
            OriginationIdentity=message.sender or self._origination_identity,
            MessageBody=message.body,
            MessageBodyTextType="TEXT",
            VoiceId=voice,
            Context={"reference": message.reference},
        )
        return 1
