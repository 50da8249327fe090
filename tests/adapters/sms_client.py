"""The AWS SDK's sending clients, as the product builds them, at a loopback address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from types_boto3_sesv2 import SESV2Client


def sms_client(
    endpoint_url: str, *, attempts: int = 1, read_timeout: float = 5
) -> PinpointSMSVoiceV2Client:
    client: PinpointSMSVoiceV2Client = _client(
        "pinpoint-sms-voice-v2", endpoint_url, attempts, read_timeout
    )
    return client


def email_client(
    endpoint_url: str | None = None, *, attempts: int = 1, read_timeout: float = 5
) -> SESV2Client:
    client: SESV2Client = _client("sesv2", endpoint_url, attempts, read_timeout)
    return client


def _client(service: Any, endpoint_url: str | None, attempts: int, read_timeout: float) -> Any:
    return boto3.client(
        service,
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
