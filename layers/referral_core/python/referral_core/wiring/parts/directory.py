"""The configuration items of the table."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.hashed_keys import hashed_keys


@cache
def directory() -> DynamoDbDirectory:
    """Return the configuration items."""
    return DynamoDbDirectory(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())


@cache
def configuration() -> DynamoDbDirectory:
    """Return the configuration items for whoever looks up nothing that is hashed."""
    return DynamoDbDirectory(aws_client("dynamodb"), settings().need("table_name"))
