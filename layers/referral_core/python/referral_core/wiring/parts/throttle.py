"""What lets the requests of the API's clients through."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.dynamodb.request_counts import RequestCounts
from referral_core.entrypoints.http.throttle import Throttle
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def throttle() -> Throttle:
    """Return the throttle, whose counts all workers share."""
    counts = RequestCounts(aws_client("dynamodb"), settings().need("request_counts_table"))
    return Throttle(counts)
