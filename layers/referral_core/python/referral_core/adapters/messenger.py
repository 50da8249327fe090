"""AWS End User Messaging (SMS) behind the Messenger port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
)

from referral_core.domain.errors import Final as FinalError
from referral_core.domain.errors import Retryable
from referral_core.ports import Ambiguous, Sms

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

_SURELY_NOT_SENT: Final = frozenset({"ThrottlingException"})
_REFUSED: Final = frozenset(
    {
        "ValidationException",
        "ConflictException",
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
    }
)
_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


def parts(body: str) -> int:
    """Count the SMS parts of a body (3GPP TS 23.038): 160/153 GSM-7 septets, else 70/67 UCS-2."""
    if all(c in _GSM7 or c in _GSM7_EXTENDED for c in body):
        length, alone, joined = sum(2 if c in _GSM7_EXTENDED else 1 for c in body), 160, 153
    else:
        length, alone, joined = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= alone else -(-length // joined)


class EndUserMessaging:
    """Sends text messages; the client must not retry, since a repeat is a second message."""

    def __init__(self, client: PinpointSMSVoiceV2Client, origination_identity: str) -> None:
        """Take a client and the phone number, pool or sender id to send from."""
        self._client = client
        self._origination_identity = origination_identity

    def send_sms(self, message: Sms) -> int:
        """Send one message; return its parts.

        Raises:
            Retryable: throttled or unreachable: surely not sent.
            Ambiguous: the service answered an error, or nothing, after taking the request.
            Final: the service refuses it (opted out, not a mobile number).
        """
        try:
            self._client.send_text_message(
                DestinationPhoneNumber=message.to,
                OriginationIdentity=self._origination_identity,
                MessageBody=message.body,
                MessageType="TRANSACTIONAL",
                Context={"reference": message.reference},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _SURELY_NOT_SENT:
                raise Retryable("The carrier is throttling.") from error
            if code in _REFUSED:
                raise FinalError("The carrier refuses the message.") from error
            raise Ambiguous from error
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise Retryable("The carrier cannot be reached.") from error
        except BotoCoreError as error:
            raise Ambiguous from error
        return parts(message.body)
