"""AWS End User Messaging (SMS) behind the Messenger port."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from referral_core.adapters.sms_parts import parts
from referral_core.domain.errors import Final as FinalError
from referral_core.domain.errors import Retryable, RouterError
from referral_core.ports import Ambiguous, Message

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

_THROTTLED: Final = "ThrottlingException"
_NOT_TAKEN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_UNSENT: Final = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
)
"""Raised before the request is on its way; after it, nobody knows what became of the message."""


class EndUserMessaging:
    """Sends text messages; the client must not retry, since a repeat is a second message.

    The API takes no idempotency token, hence the port's rule: record first, then send once. What
    its errors quote (numbers, bodies) is PHI, so their texts and causes are not passed on.
    """

    def __init__(self, client: PinpointSMSVoiceV2Client, origination_identity: str) -> None:
        """Take a client and the phone number, pool or sender id to send from.

        Raises:
            ValueError: the client would send a message again by itself.
        """
        retries = getattr(client.meta.config, "retries", None) or {}
        if retries.get("total_max_attempts") != 1:
            raise ValueError("Give the messenger a client with total_max_attempts=1.")
        self._client = client
        self._origination_identity = origination_identity

    def send(self, message: Message) -> int:
        """Send one message; return its parts.

        Raises:
            Retryable: throttled, unavailable or unreachable: surely not sent.
            Ambiguous: the service failed, or said nothing, after taking the request.
            Final: the service refuses it (opted out, no mobile number, over the spend limit).
        """
        try:
            taken = self._client.send_text_message(
                DestinationPhoneNumber=message.to,
                OriginationIdentity=self._origination_identity,
                MessageBody=message.body,
                MessageType="TRANSACTIONAL",
                Context={"reference": message.reference},
            )
        except ClientError as error:
            raise _translated(error) from None
        except ParamValidationError:
            raise FinalError("The message is none that the carrier could take.") from None
        except _UNSENT as error:
            raise Retryable(f"The carrier cannot be reached: {type(error).__name__}.") from None
        except (BotoCoreError, ResponseParserError) as error:
            raise Ambiguous(f"The carrier did not answer: {type(error).__name__}.") from None
        if not taken.get("MessageId"):
            raise Ambiguous("The carrier answered something else.")
        return parts(message.body)


def _translated(error: ClientError) -> RouterError | Ambiguous:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    reason = error.response.get("Reason", "no reason given")
    if code == _THROTTLED or status in _NOT_TAKEN:
        return Retryable(f"The carrier takes no messages now: {code}.")
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return FinalError(f"The carrier refuses the message: {code}, {reason}.")
    return Ambiguous(f"The carrier failed: {code}.")
