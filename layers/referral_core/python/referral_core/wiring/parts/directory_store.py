"""The directory's entries as clinics and people write them."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.directory_store import DirectoryTable
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def directory_store() -> DirectoryTable:
    """Return where entries are read and written."""
    return DirectoryTable(aws_client("dynamodb"), settings().need("table_name"))
