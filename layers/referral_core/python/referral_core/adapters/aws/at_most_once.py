"""One send to a patient over AWS, where a repeat is a second message: what became of it.

The APIs take no idempotency token, hence the port's rule: record first, then send once. What
their errors quote (numbers, addresses, bodies) is PHI, so texts and causes are not passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from botocore.client import BaseClient
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

from referral_core.domain.errors import Permanent, Retryable, RouterError
from referral_core.domain.messages import DeliveryUnknown

_THROTTLED: Final = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestThrottled"}
)
_NOT_TAKEN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_UNSENT: Final = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
)
"""Raised before the request is on its way; after it, nobody knows what became of the message."""


def require_one_attempt(client: BaseClient) -> None:
    """Refuse a client that would send a message again by itself.

    Raises:
        ValueError: it would.
    """
    retries = getattr(client.meta.config, "retries", None) or {}
    if retries.get("total_max_attempts") != 1:
        raise ValueError("Give the messenger a client with total_max_attempts=1.")


def send_once(service: str, send: Callable[..., Mapping[str, Any]], **request: Any) -> None:
    """Send, and tell apart what became of it.

    Args:
        service: how errors name the other side.
        send: the client's operation, whose answer holds a `MessageId`.
        request: its arguments.

    Raises:
        Retryable: throttled, unavailable or unreachable: surely not sent.
        DeliveryUnknown: the service failed, or fell silent, after taking the request.
        Permanent: the service refuses it.
    """
    try:
        taken = send(**request)
    except ClientError as error:
        raise _translated(service, error) from None
    except ParamValidationError:
        raise Permanent(f"The message is none that the {service} could take.") from None
    except _UNSENT as error:
        raise Retryable(f"The {service} cannot be reached: {type(error).__name__}.") from None
    except (BotoCoreError, ResponseParserError) as error:
        raise DeliveryUnknown(f"The {service} did not answer: {type(error).__name__}.") from None
    if not taken.get("MessageId"):
        raise DeliveryUnknown(f"The {service} answered something else.")


def _translated(service: str, error: ClientError) -> RouterError | DeliveryUnknown:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    reason = error.response.get("Reason", "no reason given")
    if code in _THROTTLED or status in _NOT_TAKEN:
        return Retryable(f"The {service} takes no messages now: {code}.")
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Permanent(f"The {service} refuses the message: {code}, {reason}.")
    return DeliveryUnknown(f"The {service} failed: {code}.")
