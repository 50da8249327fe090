"""What belongs to no referral yet."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.unmatched import UnmatchedTable
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def unmatched() -> UnmatchedTable:
    """Return the items of what belongs to no referral yet."""
    return UnmatchedTable(aws_client("dynamodb"), settings().need("table_name"))
