"""The AWS SDK's client of End User Messaging, as the product builds it, at a loopback address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client


def sms_client(
    endpoint_url: str, *, attempts: int = 1, read_timeout: float = 5
) -> PinpointSMSVoiceV2Client:
    return boto3.client(
        "pinpoint-sms-voice-v2",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=3,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
        ),
    )
