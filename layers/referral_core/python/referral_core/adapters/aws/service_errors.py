"""Errors of AWS services as ours: what passes may be tried again, what we must mend may not.

A service's own text is not passed on: it may quote what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from referral_core.domain.errors import Permanent, Retryable, RouterError

_OURS_TO_MEND: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "ResourceNotFoundException",
        "SerializationException",
        "StateMachineDoesNotExist",
        "ValidationException",
    }
)
"""Codes of what trying again never changes; throttling and all that is not known here may pass."""


@contextmanager
def service_errors(failed: str) -> Iterator[None]:
    """Raise what a service's client raises as an error of ours.

    Args:
        failed: the sentence about what could not be done, without a full stop.

    Raises:
        Retryable: the service is down, slow or throttling.
        Permanent: it refuses the request.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translated(failed, error) from error


def translated(failed: str, error: ClientError | BotoCoreError) -> RouterError:
    """Return the error of ours that a client's error means."""
    if isinstance(error, ClientError):
        code = str(error.response["Error"]["Code"])
        kind = Permanent if code in _OURS_TO_MEND else Retryable
        return kind(f"{failed}: {code}.")
    kind = Permanent if isinstance(error, ParamValidationError) else Retryable
    return kind(f"{failed}: {type(error).__name__}.")
