"""An error of a send leads nowhere to what the AWS SDK quotes: the number and the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from referral_core.adapters.aws.at_most_once import send_once
from referral_core.domain.errors import Permanent
from referral_core.domain.messages import DeliveryUnknown

PHONE, BODY = "+15085550131", "Lakeside Care: call 508-555-0101"
QUOTED: Final = f"{PHONE}: {BODY}"
REFUSED: Final = ClientError(
    {
        "Error": {"Code": "ValidationException", "Message": QUOTED},
        "ResponseMetadata": {  # type: ignore[typeddict-item]
            "HTTPStatusCode": 400
        },
    },
    "SendTextMessage",
)


@pytest.mark.parametrize(
    ("quoting", "raised"),
    [
        (REFUSED, Permanent),
        (ParamValidationError(report=QUOTED), Permanent),
        (ReadTimeoutError(endpoint_url=QUOTED), DeliveryUnknown),
    ],
    ids=["refused", "invalid", "silent"],
)
def test_an_error_neither_quotes_the_message_nor_leads_to_one_that_does(
    quoting: Exception, raised: type[Exception]
) -> None:
    def fails(**_request: Any) -> Mapping[str, Any]:
        raise quoting

    with pytest.raises(raised) as caught:
        send_once("carrier", fails, DestinationPhoneNumber=PHONE, MessageBody=BODY)

    assert PHONE not in str(caught.value)
    assert BODY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
