"""Whose items a call of a table is about: what IAM calls `dynamodb:LeadingKeys`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb.schema import PARTITION_KEY

LEADING_KEYS: Final = "dynamodb:LeadingKeys"
_EQUALS: Final = re.compile(r"(\w+)\s*=\s*(:\w+)")
_KIND: Final = re.compile(r"[A-Z_]+")


def leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the partition keys that a DynamoDB request names, of whichever operation."""
    for place in ("Item", "Key"):
        if place in request:
            yield from request[place].get(PARTITION_KEY, {}).values()
    values = request.get("ExpressionAttributeValues", {})
    names = request.get("ExpressionAttributeNames", {})
    for name, value in _EQUALS.findall(request.get("KeyConditionExpression", "")):
        if names.get(f"#{name}", name) == PARTITION_KEY:
            yield from values.get(value, {}).values()
    for asked in request.get("RequestItems", {}).values():
        for key in asked.get("Keys", ()):
            yield from key.get(PARTITION_KEY, {}).values()
    for one in request.get("TransactItems", ()):
        for operation in one.values():
            yield from leading_keys(operation)


def kind_of(key: str) -> str:
    """Return what a partition key is of, without whose: `T#…#R#…`."""
    return "#".join(part if _KIND.fullmatch(part) else "…" for part in key.split("#"))
