"""The lists that people work from."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.work_lists import WorkLists
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.hashed_keys import hashed_keys


@cache
def work_lists() -> WorkLists:
    """Return the lists that people work from."""
    return WorkLists(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())
