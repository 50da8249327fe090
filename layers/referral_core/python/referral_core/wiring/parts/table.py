"""The one table: the referrals' record."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.hashed_keys import hashed_keys


@cache
def table() -> ReferralTable:
    """Return the record."""
    return ReferralTable(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())
