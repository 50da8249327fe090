"""The document store."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.s3 import S3Documents
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def documents() -> S3Documents:
    """Return the document store."""
    return S3Documents(aws_client("s3"), settings().need("documents_bucket"))
