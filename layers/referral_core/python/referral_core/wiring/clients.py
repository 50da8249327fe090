"""The process's clients of AWS services."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def aws_client(service: str, *, attempts: int = 4) -> Any:
    """Return the process's one client of an AWS service.

    Args:
        service: as boto3 names it.
        attempts: tries in all; 1 where a repeat would do a thing twice.
    """
    # Most of a start: a function that needs no client loads none of it.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]
