"""The carrier's opt-out list behind the OptOuts port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from referral_core.domain.errors import Permanent, Retryable

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client


class NotListed(Permanent):
    """The number, or the list, does not exist."""

    def __init__(self) -> None:
        super().__init__("The carrier knows no such number or list.")


class CarrierOptOuts:
    """Keeps an opt-out list of AWS End User Messaging; doing it twice is doing it once."""

    def __init__(self, client: PinpointSMSVoiceV2Client, opt_out_list: str) -> None:
        """Take a client and the list's name: the one that the sending number or pool uses."""
        self._client = client
        self._list = opt_out_list

    def add(self, number: str) -> None:
        """Put a number on the list.

        Raises:
            Retryable: the carrier did not take it; its errors quote the number, which is PHI.
            Permanent: the number is none.
        """
        try:
            self._change(self._client.put_opted_out_number, number)
        except NotListed:
            # Our list is not there: that is mended, and the patient's stop is not lost meanwhile.
            raise Retryable("The carrier has no such list: ResourceNotFoundException.") from None

    def remove(self, number: str) -> None:
        """Take a number off the list; one that is not on it stays so. Raises: as `add`."""
        with suppress(NotListed):
            self._change(self._client.delete_opted_out_number, number)

    def _change(self, change: Callable[..., Mapping[str, Any]], number: str) -> None:
        try:
            listed = change(OptOutListName=self._list, OptedOutNumber=number)
        except ParamValidationError:
            raise Permanent("The number is none that the carrier could list.") from None
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                # The number is not on the list; or there is no list, which its first STOP shows.
                raise NotListed from None
            if code == "ValidationException":
                raise Permanent("The number is none that the carrier could list.") from None
            raise Retryable(f"The carrier did not list the number: {code}.") from None
        except (BotoCoreError, ResponseParserError) as error:
            raise Retryable(f"The carrier did not answer: {type(error).__name__}.") from None
        if not listed.get("OptedOutNumber"):
            raise Retryable("The carrier answered something else.")
