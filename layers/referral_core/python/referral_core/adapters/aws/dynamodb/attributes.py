"""Items as DynamoDB's API has them, and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]
"""An item as DynamoDB's API has it: attribute → {type: value}."""

_serialize: Final = TypeSerializer().serialize
_deserialize: Final = TypeDeserializer().deserialize


def item(**fields: Any) -> Item:
    """Return a DynamoDB item; fields that are None are left out."""
    return {name: _serialize(value) for name, value in fields.items() if value is not None}


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DynamoDB item as plain values."""
    return {name: _deserialize(value) for name, value in found.items()}
