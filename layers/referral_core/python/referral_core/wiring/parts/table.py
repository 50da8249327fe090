"""The one table: the referrals' record, and the configuration items beside it."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.work_lists import WorkLists
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.hashed_keys import hashed_keys


@cache
def table() -> ReferralTable:
    """Return the record."""
    return ReferralTable(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())


@cache
def directory() -> DynamoDbDirectory:
    """Return the configuration items."""
    return DynamoDbDirectory(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())


@cache
def configuration() -> DynamoDbDirectory:
    """Return the configuration items for whoever looks up nothing that is hashed."""
    return DynamoDbDirectory(aws_client("dynamodb"), settings().need("table_name"))


@cache
def work_lists() -> WorkLists:
    """Return the lists that people work from."""
    return WorkLists(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())
